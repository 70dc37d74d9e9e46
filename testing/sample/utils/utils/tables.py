"""The type of a table, and the metadata that describes a table in Dagster's UI."""

from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd

    Table: TypeAlias = pd.DataFrame
else:
    # Dagster evaluates the annotations of assets when it loads them, so with `pd.DataFrame` every
    # load would import pandas (0.4 s, in addition to Dagster's 0.65 s). Type checkers see a
    # DataFrame, and the IO manager checks the type when it stores a table.
    Table = Any

PREVIEW_ROWS = 5
CELL_LENGTH = 80


def table_metadata(frame: Table, declared: dg.TableSchema | None = None) -> dict[str, Any]:
    """The metadata of a table for Dagster's UI: the number of rows, the columns, the first rows.

    Types are those of the frame. Descriptions and constraints come from `declared`, since in the UI
    the columns of a materialization hide those that the asset declares.
    """
    return {
        "dagster/row_count": len(frame),
        "dagster/column_schema": column_schema(frame, declared),
        "preview": dg.MetadataValue.md(markdown(frame.head(PREVIEW_ROWS))),
    }


def column_schema(frame: Table, declared: dg.TableSchema | None = None) -> dg.TableSchema:
    """The columns of a frame, with the descriptions and constraints of the declared ones."""
    known = {column.name: column for column in declared.columns} if declared else {}
    columns = []
    for label, values in frame.items():
        column = known.get(str(label), dg.TableColumn(str(label)))
        columns.append(
            dg.TableColumn(
                name=column.name,
                type=type_name(values),
                description=column.description,
                constraints=column.constraints,
            )
        )
    return dg.TableSchema(columns=columns)


def type_name(values: "pd.Series[Any]") -> str:
    """The name of a column's type, the same in pandas 2 and pandas 3."""
    import pandas as pd

    # Text is `object` in pandas 2, `str` in pandas 3, and `string` in both if requested.
    if isinstance(values.dtype, pd.StringDtype) or pd.api.types.infer_dtype(values) == "string":
        return "string"
    return str(values.dtype)


def markdown(frame: Table) -> str:
    """A frame as a Markdown table; missing values are empty cells."""
    rows = frame.astype(object).where(frame.notna(), "").itertuples(index=False, name=None)
    lines = [tuple(frame.columns), ("---",) * frame.shape[1], *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    text = " ".join(str(value).split()).replace("|", "\\|")
    return text if len(text) <= CELL_LENGTH else text[: CELL_LENGTH - 1] + "…"

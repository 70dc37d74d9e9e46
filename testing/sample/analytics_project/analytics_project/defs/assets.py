"""The tables that the analytics team produces."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from utils import Table, table_metadata

PACKAGED_CSV = Path(__file__).parents[1] / "data" / "penguins.csv"

REQUIRED = dg.TableColumnConstraints(nullable=False)

# The contract with the table's consumers. The types are pandas' names, also used to read the CSV.
PENGUIN_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("species", "string", "Adelie, Chinstrap or Gentoo", REQUIRED),
        dg.TableColumn("island", "string", "Biscoe, Dream or Torgersen", REQUIRED),
        dg.TableColumn("bill_length_mm", "float64", "Length of the bill in millimeters"),
        dg.TableColumn("bill_depth_mm", "float64", "Depth of the bill in millimeters"),
        dg.TableColumn("flipper_length_mm", "Int64", "Length of a flipper in millimeters"),
        dg.TableColumn("body_mass_g", "Int64", "Body mass in grams"),
        dg.TableColumn("sex", "string", "female or male"),
        dg.TableColumn("year", "int64", "Year of the study", REQUIRED),
    ]
)


class PenguinsConfig(dg.Config):
    """The source of the penguins."""

    source: str | None = Field(
        default=None,
        description="Absolute path or URL of a CSV with a header. Default: the packaged table.",
    )


@dg.asset(
    group_name="analytics", kinds={"pandas"}, metadata={"dagster/column_schema": PENGUIN_COLUMNS}
)
def penguins(config: PenguinsConfig) -> dg.Output[Table]:
    """The Palmer penguins: species, island, size (mm, g), sex and year; a row for each penguin."""
    frame = read_penguins(config.source or str(PACKAGED_CSV))
    return dg.Output(frame, metadata=table_metadata(frame, PENGUIN_COLUMNS))


def read_penguins(source: str) -> Table:
    """Read the declared columns of a CSV at a path or URL, with their types.

    Raises:
        dg.Failure: if it can't be read, lacks a column, or has a value of another type.
    """
    import pandas as pd

    types = {column.name: str(column.type) for column in PENGUIN_COLUMNS.columns}
    try:
        frame = pd.read_csv(source, dtype=types)
    except (OSError, ValueError, ImportError) as error:  # ImportError: the URL needs a driver
        raise _unusable(source, f"{type(error).__name__}: {error}") from error
    if not set(types) <= set(frame.columns):
        raise _unusable(source, f"the columns {', '.join(map(str, frame.columns))}")
    return frame[list(types)]


def _unusable(source: str, found: str) -> dg.Failure:
    columns = ", ".join(f"{column.name} ({column.type})" for column in PENGUIN_COLUMNS.columns)
    return dg.Failure(
        f"The penguins cannot be read from {source}. Expected: a CSV with the columns {columns}."
        f" Found: {found}. Correct `source` in the config of the asset penguins, or leave it out."
    )

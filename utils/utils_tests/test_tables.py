"""The metadata of tables, with every team's pandas."""

import subprocess
import sys

import dagster as dg
import pandas as pd
import pytest

from utils import table_metadata
from utils.tables import CELL_LENGTH, column_schema, markdown


def types(frame: pd.DataFrame) -> dict[str, str | None]:
    return {column.name: column.type for column in column_schema(frame).columns}


def test_metadata_has_what_the_ui_shows() -> None:
    metadata = table_metadata(pd.DataFrame({"mass": range(7)}))
    assert metadata["dagster/row_count"] == 7
    assert metadata["dagster/column_schema"] == dg.TableSchema([dg.TableColumn("mass", "int64")])
    assert metadata["preview"].value.splitlines() == ["| mass |", "| --- |"] + [
        f"| {row} |" for row in range(5)
    ]


@pytest.mark.parametrize("dtype", [None, "string", object])
def test_text_is_called_string_in_every_pandas(dtype: object) -> None:
    assert types(pd.DataFrame({"text": pd.Series(["a", None], dtype=dtype)})) == {"text": "string"}


def test_other_types_keep_their_names() -> None:
    frame = pd.DataFrame(
        {
            "nullable": pd.array([1, None], dtype="Int64"),
            "real": [0.5, None],
            "kind": pd.Categorical(["a", "b"]),
            "anything": ["a", 1],
        }
    )
    assert types(frame) == {
        "nullable": "Int64",
        "real": "float64",
        "kind": "category",
        "anything": "object",
    }


def test_descriptions_are_declared_and_types_are_the_frame_s() -> None:
    constraints = dg.TableColumnConstraints(nullable=False)
    declared = dg.TableSchema([dg.TableColumn("mass", "string", "in grams", constraints)])
    schema = column_schema(pd.DataFrame({"mass": [1], "other": [2]}), declared)
    assert schema.columns == [
        dg.TableColumn("mass", "int64", "in grams", constraints),
        dg.TableColumn("other", "int64"),
    ]


def test_cells_do_not_break_the_table() -> None:
    frame = pd.DataFrame({"a|b": ["one\ntwo", "x|y", None, "z" * 200], "n": [1, 2, None, 4]})
    assert markdown(frame).splitlines() == [
        r"| a\|b | n |",
        "| --- | --- |",
        "| one two | 1.0 |",
        r"| x\|y | 2.0 |",
        "|  |  |",
        f"| {'z' * (CELL_LENGTH - 1)}… | 4.0 |",
    ]


def test_an_empty_frame_is_described() -> None:
    metadata = table_metadata(pd.DataFrame({"n": pd.array([], dtype="Int64")}))
    assert metadata["dagster/row_count"] == 0
    assert metadata["preview"].value == "| n |\n| --- |"


def test_importing_utils_imports_neither_pandas_nor_pyarrow() -> None:
    code = "import sys, utils; print(sorted({'pandas', 'pyarrow', 'upath'} & set(sys.modules)))"
    command = (sys.executable, "-c", code)
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "[]"

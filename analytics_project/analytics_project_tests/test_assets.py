"""The asset penguins, materialized by Dagster."""

from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from analytics_project.defs.assets import PACKAGED_CSV, PENGUIN_COLUMNS, penguins
from utils import ParquetIOManager


def materialize(store: Path, **config: Any) -> Any:
    return dg.materialize(
        [penguins],
        resources={"io_manager": ParquetIOManager(base_path=str(store))},
        run_config=dg.RunConfig({"penguins": {"config": config}}),
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return materialize(tmp_path_factory.mktemp("store"))


def test_every_penguin_is_in_the_table(result: Any) -> None:
    frame = result.output_for_node("penguins")
    assert len(frame) == 344
    assert frame["species"].value_counts().to_dict() == {
        "Adelie": 152,
        "Gentoo": 124,
        "Chinstrap": 68,
    }
    assert frame["body_mass_g"].sum() == 1_437_000
    assert frame.isna().sum().to_dict() == {
        "species": 0,
        "island": 0,
        "bill_length_mm": 2,
        "bill_depth_mm": 2,
        "flipper_length_mm": 2,
        "body_mass_g": 2,
        "sex": 11,
        "year": 0,
    }


def test_columns_are_as_declared(result: Any) -> None:
    (event,) = result.asset_materializations_for_node("penguins")
    assert event.metadata["dagster/row_count"].value == 344
    assert event.metadata["dagster/column_schema"].value == PENGUIN_COLUMNS
    assert "| Adelie | Torgersen | 39.1 |" in event.metadata["preview"].value
    spec = penguins.get_asset_spec()
    assert spec.metadata["dagster/column_schema"] == PENGUIN_COLUMNS
    assert (spec.key, spec.group_name, spec.kinds) == (
        dg.AssetKey(["penguins"]),
        "analytics",
        {"pandas"},
    )


@pytest.mark.parametrize("as_source", [str, Path.as_uri])
def test_source_is_a_path_or_url(tmp_path: Path, as_source: Any) -> None:
    csv = tmp_path / "two penguins.csv"
    rows = pd.read_csv(PACKAGED_CSV, dtype=str, keep_default_na=False).head(2)
    rows.assign(nickname="Pingu").to_csv(csv, index=False)  # extra columns are ignored
    frame = materialize(tmp_path, source=as_source(csv)).output_for_node("penguins")
    assert frame.shape == (2, len(PENGUIN_COLUMNS.columns))


def refusal(tmp_path: Path, source: str) -> str:
    with pytest.raises(dg.Failure) as caught:
        materialize(tmp_path, source=source)
    message = str(caught.value)
    assert message.startswith(f"The penguins cannot be read from {source}. Expected: a CSV")
    assert "species (string)" in message
    return message


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("/nowhere/penguins.csv", "Found: FileNotFoundError"),
        ("http://127.0.0.1:9/penguins.csv", "Found: URLError"),
        ("nosuch://penguins.csv", "Found: ValueError: Protocol not known: nosuch"),
    ],
)
def test_a_missing_source_is_an_error(tmp_path: Path, source: str, found: str) -> None:
    assert found in refusal(tmp_path, source)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("bill_length_mm", "beak", "Found: the columns species, island, beak, "),
        ("3750", "heavy", "Found: ValueError"),
        ("2007", "NA", "Found: ValueError"),
    ],
)
def test_a_csv_with_other_data_is_an_error(tmp_path: Path, old: str, new: str, found: str) -> None:
    csv = tmp_path / "penguins.csv"
    csv.write_text(PACKAGED_CSV.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert found in refusal(tmp_path, str(csv))


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    csv = tmp_path / "empty.csv"
    csv.touch()
    assert "Found: EmptyDataError" in refusal(tmp_path, str(csv))

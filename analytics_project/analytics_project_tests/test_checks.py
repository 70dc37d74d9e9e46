"""The checks pass for the penguins and fail for bad data."""

from typing import Any

import dagster as dg
import pandas as pd
import pytest

from analytics_project.defs.assets import PACKAGED_CSV, read_penguins
from analytics_project.defs.checks import known_species, no_negative_measurements, row_count


def run(check: Any, frame: pd.DataFrame) -> dg.AssetCheckResult:
    result = check(frame)
    assert isinstance(result, dg.AssetCheckResult)
    return result


@pytest.fixture
def frame() -> pd.DataFrame:
    return read_penguins(str(PACKAGED_CSV))


@pytest.mark.parametrize("check", [known_species, no_negative_measurements, row_count])
def test_checks_pass_for_the_penguins(check: Any, frame: pd.DataFrame) -> None:
    assert run(check, frame).passed is True


@pytest.mark.parametrize(
    ("rows", "severity"), [(343, dg.AssetCheckSeverity.WARN), (0, dg.AssetCheckSeverity.ERROR)]
)
def test_row_count_fails_for_missing_rows(
    frame: pd.DataFrame, rows: int, severity: dg.AssetCheckSeverity
) -> None:
    result = run(row_count, frame.head(rows))
    assert (result.passed, result.severity) == (False, severity)
    assert result.metadata["rows"].value == rows


def test_no_negative_measurements_fails_for_a_negative_mass(frame: pd.DataFrame) -> None:
    frame.loc[[5, 6], "body_mass_g"] = -1
    result = run(no_negative_measurements, frame)
    assert result.passed is False
    assert {key: found.value for key, found in result.metadata.items()} == {
        "negative body_mass_g": 2
    }


@pytest.mark.parametrize("species", ["Emperor", None])
def test_known_species_fails_for_an_unknown_one(frame: pd.DataFrame, species: str | None) -> None:
    frame.loc[5, "species"] = species
    result = run(known_species, frame)
    assert result.passed is False
    assert result.metadata["unknown rows"].value == 1

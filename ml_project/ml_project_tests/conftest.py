"""The real penguins, in a store as analytics leaves them there."""

from pathlib import Path

import pandas as pd
import pytest

from ml_project.defs.external import PENGUIN_COLUMNS

# The other team's data, not its code: that cannot be imported here. That its code stores the table
# like this is tested at the repository's root, with both environments.
CSV = Path(__file__).parents[2] / "analytics_project/analytics_project/data/penguins.csv"


@pytest.fixture(scope="session")
def penguins() -> pd.DataFrame:
    """The 344 penguins, in the types that this team relies on."""
    types = {column.name: str(column.type) for column in PENGUIN_COLUMNS.columns}
    return pd.read_csv(CSV, dtype=types)


@pytest.fixture
def store(tmp_path: Path, penguins: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in which penguins has been materialized, and which the environment names."""
    monkeypatch.setenv("DAGTEAM_STORE", str(tmp_path))
    penguins.to_parquet(tmp_path / "penguins.parquet")
    return tmp_path

"""The real penguins, in a store as analytics writes them."""

from pathlib import Path

import pandas as pd
import pytest

from ml_project.defs.external import PENGUIN_COLUMNS

# The other team's data, since its code can't be imported here. A test in the repository's root
# covers both teams together.
CSV = Path(__file__).parents[2] / "analytics_project/analytics_project/data/penguins.csv"


@pytest.fixture(scope="session")
def penguins() -> pd.DataFrame:
    """The 344 penguins, with the types that this team needs."""
    types = {column.name: str(column.type) for column in PENGUIN_COLUMNS.columns}
    return pd.read_csv(CSV, dtype=types)


@pytest.fixture
def store(tmp_path: Path, penguins: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of the environment, with materialized penguins."""
    monkeypatch.setenv("DAGTEAM_STORE", str(tmp_path))
    penguins.to_parquet(tmp_path / "penguins.parquet")
    return tmp_path

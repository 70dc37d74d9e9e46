"""What the team's assets use."""

import dagster as dg

from utils import ParquetIOManager


@dg.definitions
def resources() -> dg.Definitions:
    """Every asset is stored as Parquet, unless it names another IO manager."""
    return dg.Definitions(resources={"io_manager": ParquetIOManager()})

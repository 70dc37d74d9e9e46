"""The resources of the team's assets."""

import dagster as dg

from utils import ParquetIOManager


@dg.definitions
def resources() -> dg.Definitions:
    """Store every asset as Parquet, unless it names another IO manager."""
    return dg.Definitions(resources={"io_manager": ParquetIOManager()})

"""What every team shares: how tables are described, and how they travel between teams.

Importing this package costs nothing beyond Dagster: pandas and pyarrow are imported when a table is
first handled, so that a team's definitions load quickly.
"""

from utils.parquet import ParquetIOManager
from utils.tables import Table, table_metadata

__all__ = ["ParquetIOManager", "Table", "table_metadata"]

"""The library that all teams share: storing tables, and describing them in Dagster's UI.

Importing this package imports only Dagster. pandas and pyarrow are imported when a table is first
used, so that definitions load quickly.
"""

from utils.parquet import ParquetIOManager
from utils.tables import Table, table_metadata

__all__ = ["ParquetIOManager", "Table", "table_metadata"]

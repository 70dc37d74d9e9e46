"""The tables that the ml team produces."""

import dagster as dg
from pydantic import Field

from ml_project.defs.external import PENGUIN_COLUMNS
from utils import Table, table_metadata

CLUSTER_COLUMNS = dg.TableSchema(
    columns=[
        *PENGUIN_COLUMNS.columns,
        dg.TableColumn("cluster", "int64", "From 0, the cluster of the shortest flippers"),
    ]
)


class ClusterConfig(dg.Config):
    """The parameters of the clustering."""

    n_clusters: int = Field(default=3, ge=2, le=10, description="Number of clusters, 2 to 10.")


@dg.asset(group_name="ml", kinds={"pandas"}, metadata={"dagster/column_schema": CLUSTER_COLUMNS})
def penguin_cluster(penguins: Table, config: ClusterConfig) -> dg.Output[Table]:
    """The penguins with all four measurements, in clusters."""
    # Imported here: loading the definitions does not need pandas.
    from ml_project import clustering

    table = clustering.cluster(
        penguins[[column.name for column in PENGUIN_COLUMNS.columns]], config.n_clusters
    )
    metadata = table_metadata(table, CLUSTER_COLUMNS)
    return dg.Output(table, metadata={**metadata, "size": clustering.described(table)})

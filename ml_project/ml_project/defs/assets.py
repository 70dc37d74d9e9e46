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
    random_state: int = Field(
        default=0, ge=0, lt=2**32, description="Seed: the same one gives the same clusters."
    )


@dg.asset(group_name="ml", kinds={"sklearn"}, metadata={"dagster/column_schema": CLUSTER_COLUMNS})
def penguin_cluster(penguins: Table, config: ClusterConfig) -> dg.Output[Table]:
    """The penguins with all four measurements, clustered by the similarity of these."""
    # Imported here, since scikit-learn and matplotlib take 1.6 s to import: loading the definitions
    # (for the UI, a reload or `invoke check`) does not need them.
    from ml_project import clustering, picture

    clusters = clustering.cluster(
        penguins[[column.name for column in PENGUIN_COLUMNS.columns]],
        n_clusters=config.n_clusters,
        random_state=config.random_state,
    )
    sizes = clusters.table["cluster"].value_counts().sort_index()
    return dg.Output(
        clusters.table,
        metadata={
            **table_metadata(clusters.table, CLUSTER_COLUMNS),
            "silhouette_score": clusters.silhouette,
            "inertia": clusters.inertia,
            "cluster_sizes": {str(cluster): int(size) for cluster, size in sizes.items()},
            "scatter_plot": dg.MetadataValue.md(picture.as_markdown(clusters.table)),
        },
    )

"""When the ml team's tables are made."""

import dagster as dg

from ml_project.defs.external import penguins

cluster_penguins = dg.define_asset_job(
    "cluster_penguins",
    selection=dg.AssetSelection.assets("penguin_cluster"),
    description="Clusters the penguins as they were last materialized.",
    executor_def=dg.in_process_executor,  # one step: a second process would only import again
)


@dg.asset_sensor(
    asset_key=penguins.key,
    job=cluster_penguins,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def penguins_updated(
    _context: dg.SensorEvaluationContext, materialization: dg.EventLogEntry
) -> dg.RunRequest:
    """Cluster the penguins whenever analytics has materialized them.

    Of several materializations within an interval only the last counts: the others are overwritten.
    """
    # The key is the materialization's own: Dagster runs it once, even if the cursor is reset.
    return dg.RunRequest(run_key=f"{materialization.run_id}-{materialization.timestamp}")

"""When the ml team's tables are updated."""

import dagster as dg

from ml_project.defs.external import penguins

cluster_penguins = dg.define_asset_job(
    "cluster_penguins",
    selection=dg.AssetSelection.assets("penguin_cluster"),
    description="Clusters the penguins as they were last materialized.",
    executor_def=dg.in_process_executor,  # a process for the only step would import all again
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

    If there are several within an interval, only the last one counts: it overwrote the others.
    """
    # Dagster runs each run key once, so resetting the cursor does not repeat a run.
    return dg.RunRequest(run_key=f"{materialization.run_id}-{materialization.timestamp}")

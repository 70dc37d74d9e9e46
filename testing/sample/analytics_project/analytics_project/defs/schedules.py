"""When the analytics team's tables are updated."""

import dagster as dg

update_penguins = dg.define_asset_job(
    "update_penguins",
    selection=dg.AssetSelection.assets("penguins"),  # and its checks
    description="Materializes penguins, then checks what was stored.",
    # One process for the asset and its checks: with a process for each step, everything would be
    # imported four times a minute.
    executor_def=dg.in_process_executor,
)

penguin_update_minutely = dg.ScheduleDefinition(
    name="penguin_update_minutely",
    job=update_penguins,
    cron_schedule="* * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

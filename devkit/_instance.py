"""Opens every storage of the instance once. Runs in the orchestrator's interpreter."""

import sys

from dagster import DagsterInstance

with DagsterInstance.get() as instance:
    instance.get_runs_count()
    instance.all_asset_keys()
    instance.all_instigator_state()
    if instance.schedule_storage is None:
        sys.exit("this instance has no storage for schedules, so no daemon can run on it")

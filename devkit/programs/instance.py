"""What has to be done with the instance itself, in the orchestrator's interpreter.

python -P instance.py initialise | end-lost-runs
"""

import json
import socket
import sys

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

# Dagster's tag on a run that a code server has launched: how to reach that server.
SERVER_TAG = ".dagster/grpc_info"
UNFINISHED = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def initialise(instance: DagsterInstance) -> None:
    """Open every storage once: the first use makes its tables."""
    instance.get_runs_count()
    instance.all_asset_keys()
    instance.all_instigator_state()
    if instance.schedule_storage is None:
        sys.exit("this instance has no storage for schedules, so no daemon can run on it")


def end_lost_runs(instance: DagsterInstance) -> None:
    """Mark as failed the runs whose code server, on a socket of this machine, is gone."""
    for run in instance.get_runs(RunsFilter(statuses=UNFINISHED)):
        path = json.loads(run.tags.get(SERVER_TAG, "{}")).get("socket")
        if path and not _listens(path):
            instance.report_run_failed(run, "Its code server ended, and this run with it.")
            print(run.run_id)


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


if __name__ == "__main__":
    with DagsterInstance.get() as the_instance:
        {"initialise": initialise, "end-lost-runs": end_lost_runs}[sys.argv[1]](the_instance)

"""Work on the Dagster instance itself, in the orchestrator's interpreter.

python -P instance.py initialize | end-lost-runs
"""

import json
import socket
import sys

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

# Dagster's tag on a run with the address of the code server that launched it.
SERVER_TAG = ".dagster/grpc_info"
UNFINISHED = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def initialize(instance: DagsterInstance) -> None:
    """Use every storage once, which creates its tables."""
    instance.get_runs_count()
    instance.all_asset_keys()
    instance.all_instigator_state()
    if instance.schedule_storage is None:
        sys.exit("this instance has no schedule storage, which the daemon needs")


def end_lost_runs(instance: DagsterInstance) -> None:
    """Mark runs as failed if their code server, on a socket of this machine, has ended."""
    for run in instance.get_runs(RunsFilter(statuses=UNFINISHED)):
        path = json.loads(run.tags.get(SERVER_TAG, "{}")).get("socket")
        if path and not _accepts_connections(path):
            instance.report_run_failed(run, "The code server of this run ended.")
            print(run.run_id)


def _accepts_connections(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


if __name__ == "__main__":
    with DagsterInstance.get() as the_instance:
        {"initialize": initialize, "end-lost-runs": end_lost_runs}[sys.argv[1]](the_instance)

"""Work on the Dagster instance itself, in the orchestrator's interpreter.

python -P instance.py initialize | end-lost-runs FOLDER ... | move-runs LINK SOCKET TIME
"""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

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


def end_lost_runs(instance: DagsterInstance, *folders: str) -> None:
    """Mark runs as failed if their code server, on a socket in these folders, has ended."""
    for run, path in _unfinished(instance):
        if os.path.dirname(path) in folders and not _accepts_connections(path):  # noqa: PTH120
            instance.report_run_failed(run, "The code server of this run ended.")
            print(run.run_id)


def move_runs(instance: DagsterInstance, link: str, path: str, time: str) -> None:
    """Tag the runs of the server that a link led to, until a time, with the server's own socket.

    A run that was launched just then may be in the server that the link leads to now.
    """
    replaced = os.path.realpath(link) != os.path.realpath(path)
    now = DagsterGrpcClient(socket=link) if replaced else None
    for run, its_path in _unfinished(instance):
        is_newer = _launched(instance, run) >= float(time) or (now and _has(now, run))
        if its_path == link and not is_newer:
            server = {**json.loads(run.tags[SERVER_TAG]), "socket": path}
            instance.add_run_tags(run.run_id, {SERVER_TAG: json.dumps(server)})
            print(run.run_id)


def _launched(instance: DagsterInstance, run: DagsterRun) -> float:
    """When a run was launched, in seconds since the epoch; 0 if that is not recorded."""
    events = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.RUN_STARTING).records
    return events[0].timestamp if events else 0.0


def _has(server: DagsterGrpcClient, run: DagsterRun) -> bool:
    """Whether a code server is executing a run. After a reload it does not know older ones."""
    try:
        answer = server.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id))
    except DagsterUserCodeUnreachableError:
        return False
    return bool(deserialize_value(answer, CanCancelExecutionResult).can_cancel)


def _unfinished(instance: DagsterInstance) -> Iterator[tuple[DagsterRun, str]]:
    """The unfinished runs whose code server is on a socket, and its path."""
    for run in instance.get_runs(RunsFilter(statuses=UNFINISHED)):
        if path := json.loads(run.tags.get(SERVER_TAG, "{}")).get("socket"):
            yield run, path


def _accepts_connections(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


if __name__ == "__main__":
    commands: dict[str, Callable[..., None]] = {
        "initialize": initialize,
        "end-lost-runs": end_lost_runs,
        "move-runs": move_runs,
    }
    with DagsterInstance.get() as the_instance:
        commands[sys.argv[1]](the_instance, *sys.argv[2:])

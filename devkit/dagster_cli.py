"""All calls of Dagster's command line: it changes, and then only this file does."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from devkit.environments import orchestrator_environment
from devkit.workspace import Team


def webserver(workspace: Path, host: str, port: int) -> tuple[str, ...]:
    """The UI and the GraphQL API, on the locations of a workspace file."""
    program = orchestrator_environment().path / "bin" / "dagster-webserver"
    return (
        str(program), "--workspace", str(workspace), "--host", host, "--port", str(port),
        "--suppress-warnings",  # a page of traceback for each location that is not up yet
    )  # fmt: skip


def daemon(workspace: Path) -> tuple[str, ...]:
    """Schedules, sensors and the run queue, on the locations of a workspace file."""
    program = orchestrator_environment().path / "bin" / "dagster-daemon"
    return (str(program), "run", "--workspace", str(workspace))


def code_server(team: Team, socket: Path) -> tuple[str, ...]:
    """A team's code in the team's interpreter, on a Unix socket; the kind that can reload.

    Its runs use the same interpreter, not whatever `dagster` the PATH has.
    """
    return (
        str(team.python), "-m", "dagster", "code-server", "start",
        "--socket", str(socket),
        "--module-name", team.module,
        "--working-directory", str(team.directory),
        "--location-name", team.location,
        "--use-python-environment-entry-point",
    )  # fmt: skip


def workspace(sockets: Mapping[str, Path]) -> str:
    """The text of a workspace file for running code servers: their sockets by location."""
    servers: Sequence[object] = [
        {"grpc_server": {"location_name": location, "socket": str(socket)}}
        for location, socket in sockets.items()
    ]
    return yaml.safe_dump({"load_from": servers}, sort_keys=False)

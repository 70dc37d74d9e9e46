"""All calls of Dagster's command line: it changes, and then only this file does."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from devkit.core.paths import PROGRAMS
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.workspace import Team

RUN_MODULE = PROGRAMS / "run_module.py"

# Webserver and daemon warn, with pages of traceback, about each location that is not up yet or does
# not load. The platform reports each of those in a line.
QUIET = {"PYTHONWARNINGS": "ignore:Error loading repository location:UserWarning"}


# The first line of a record in Dagster's logs; the lines of a traceback follow it.
RECORD = re.compile(
    r"^[\d-]{10} [\d:]{8} \S+ - (?P<logger>[\w.-]+) - (?P<level>[A-Z]+) - (?P<text>.*)"
)
# What the daemon logs at every tick, whether it launches something or not.
TICK = re.compile(
    r"Checking for new runs|Sensor \w+ skipped|Evaluating |Priority sorting|Creating new run|"
    r"Instance is configured with"
)


class LogFilter:
    """Hides lines of one service from the terminal: they are in its log.

    What happens to code servers is reported by the platform, in a line each; what runs log for
    debugging is in the UI; of a tick of the daemon only what it launched matters.
    """

    def __init__(self) -> None:
        self._hidden = False

    def hides(self, line: str) -> bool:
        """Whether to hide the line, the next of the service."""
        if record := RECORD.match(line):
            reported = record["logger"] == "dagster.code_server"
            who = record["logger"]
            routine = record["level"] == "INFO" and (
                who == "dagster-webserver"
                or (who.startswith("dagster.daemon") and TICK.match(record["text"]) is not None)
            )
            self._hidden = reported or routine or record["level"] == "DEBUG"
        return self._hidden


def webserver(workspace: Path, host: str, port: int) -> tuple[str, ...]:
    """The UI and the GraphQL API, on the locations of a workspace file."""
    start = _start(orchestrator_environment().python, "dagster_webserver")
    return (*start, "--workspace", str(workspace), "--host", host, "--port", str(port))


def daemon(workspace: Path) -> tuple[str, ...]:
    """Schedules, sensors and the run queue, on the locations of a workspace file."""
    program = orchestrator_environment().path / "bin" / "dagster-daemon"
    return (str(program), "run", "--workspace", str(workspace))


def code_server(team: Team, socket: Path) -> tuple[str, ...]:
    """A team's code in the team's interpreter, on a Unix socket; the kind that can reload.

    Its runs use the same interpreter, not whatever `dagster` the PATH has.
    """
    return (
        *_start(team.python, "dagster"), "code-server", "start",
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


def _start(python: Path, module: str) -> tuple[str, ...]:
    return (str(python), str(RUN_MODULE), module)

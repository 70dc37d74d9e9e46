"""Builds all of Dagster's command lines: if its CLI changes, only this file does."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from devkit.core.paths import PROGRAMS
from devkit.dev.service import ANSI_SGR
from devkit.dev.webserver import UNREACHABLE
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.team import Kind, Team
from devkit.registry.workspace import Remote

RUN_MODULE = PROGRAMS / "run_module.py"

# Webserver and daemon print pages of traceback for each location that is not up yet or does not
# load. The platform reports each of those in one line.
QUIET = {"PYTHONWARNINGS": "ignore:Error loading repository location:UserWarning"}

# What `dagster dev` and `dg dev` set: code that is prepared before it loads (dbt, components with
# state) prepares itself then.
LOADED = {
    Kind.MODULE: "--module-name",
    Kind.PACKAGE: "--package-name",
    Kind.FILE: "--python-file",
    Kind.AUTOLOAD: "--autoload-defs-module-name",
}
DEVELOPMENT = {"DAGSTER_IS_DEV_CLI": "1"}

# The first line of a record in Dagster's logs; the lines of a traceback follow it.
RECORD = re.compile(
    r"^[\d-]{10} [\d:]{8} \S+ - (?P<logger>[\w.-]+) - (?P<level>[A-Z]+) - (?P<text>.*)"
)
# What the daemon logs at every tick, whether it launches a run or not.
TICK = re.compile(
    r"Checking for new runs|Sensor \w+ skipped|Evaluating |Priority sorting|Creating new run|"
    r"Instance is configured with"
)
FAILED_TICK = "caught an error"


class LogFilter:
    """Hides routine lines of one service from the terminal; its log file has all of them.

    Hidden are: records of code servers, which the platform reports in a line each; debug records,
    which the UI shows for each run; what the webserver and the daemon do at every tick, and that
    they can't reach a code server, which the platform reports as well.
    """

    def __init__(self) -> None:
        self._hidden = False
        self._holding = False
        self._held: list[str] = []

    def shown(self, line: str) -> list[str]:
        """What to show now that this line, the service's next, is there.

        The traceback of a failed tick is shown when it is complete, with the next record.
        """
        complete: list[str] = []
        if record := RECORD.match(ANSI_SGR.sub("", line)):
            if not any(UNREACHABLE in held for held in self._held):
                complete = self._held
            self._held = []
            self._holding = FAILED_TICK in record["text"]
            logger, level = record["logger"], record["level"]
            routine = level == "INFO" and (
                logger == "dagster-webserver"
                or (logger.startswith("dagster.daemon") and TICK.match(record["text"]) is not None)
            )
            self._hidden = routine or level == "DEBUG" or logger == "dagster.code_server"
        if self._hidden:
            return complete
        if self._holding:
            self._held.append(line)
            return complete
        return [*complete, line]


def webserver(workspace: Path, host: str, port: int) -> tuple[str, ...]:
    """The command of the UI and the GraphQL API, for a workspace file's locations."""
    python, *module = _start(orchestrator_environment().python, "dagster_webserver")
    # -P: not from the current folder, which is the repository's root.
    return (
        python,
        "-P",
        *module,
        "--workspace",
        str(workspace),
        "--host",
        host,
        "--port",
        str(port),
    )


def daemon(workspace: Path) -> tuple[str, ...]:
    """The command of schedules, sensors and the run queue, for a workspace file's locations."""
    program = orchestrator_environment().path / "bin" / "dagster-daemon"
    return (str(program), "run", "--workspace", str(workspace))


def code_server(team: Team, socket: Path) -> tuple[str, ...]:
    """The command that serves a team's code, in the team's interpreter, on a Unix socket.

    It is the kind of server that can reload. Its runs use the same interpreter, whichever
    `dagster` is on the PATH.
    """
    return (
        *_start(team.python, "dagster"), "code-server", "start",
        "--socket", str(socket),
        LOADED[team.kind], str(team.target) if team.kind is Kind.FILE else team.module,
        *(("--attribute", team.attribute) if team.attribute else ()),
        "--working-directory", str(team.on_path),
        "--location-name", team.location,
        "--use-python-environment-entry-point",
    )  # fmt: skip


def migrate() -> tuple[str, ...]:
    """The command that brings the databases of a DAGSTER_HOME up to the orchestrator's Dagster."""
    return (str(orchestrator_environment().path / "bin" / "dagster"), "instance", "migrate")


def workspace(sockets: Mapping[str, Path], remotes: Sequence[Remote] = ()) -> str:
    """The text of a workspace file for running code servers; `sockets` maps location to socket.

    `remotes` are the servers that run elsewhere.
    """
    servers: list[object] = [
        {"grpc_server": {"location_name": location, "socket": str(socket)}}
        for location, socket in sockets.items()
    ]
    servers += [{"grpc_server": {**one.fields, "location_name": one.location}} for one in remotes]
    return yaml.safe_dump({"load_from": servers}, sort_keys=False)


def _start(python: Path, module: str) -> tuple[str, ...]:
    return (str(python), str(RUN_MODULE), module)

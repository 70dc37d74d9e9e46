"""All calls of Dagster's command line: it changes, and then only this file does."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from devkit.environments import orchestrator_environment
from devkit.workspace import Team

# What `python -m MODULE` does, but garbage is looked for after 50,000 new objects instead of 700:
# importing makes objects that stay, and a fifth of its time went into looking through them.
START = (
    "import gc, runpy, sys; gc.set_threshold(50_000); del sys.argv[0]; "
    "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)

# A host warns, with pages of traceback, of each location that is not up yet or does not
# load. Which those are, and why, is told in a line each by whoever started them.
QUIET_HOST = {"PYTHONWARNINGS": "ignore:Error loading repository location:UserWarning"}


# The first line of a record in Dagster's logs; the lines of a traceback follow it.
RECORD = re.compile(
    r"^[\d-]{10} [\d:]{8} \S+ - (?P<logger>[\w.-]+) - (?P<level>[A-Z]+) - (?P<text>.*)"
)
# What the daemon says at every tick, whether anything comes of it or not.
TICK = re.compile(
    r"Checking for new runs|Sensor \w+ skipped|Evaluating |Priority sorting|Creating new run|"
    r"Instance is configured with"
)


class Noise:
    """Tells the lines of one service that a terminal can do without: they are in its log.

    What happens to code servers is told by whoever watches them, in a line each; what runs
    log for debugging is in the UI, and of a tick of the daemon's what it launched counts.
    """

    def __init__(self) -> None:
        self._hidden = False

    def __call__(self, line: str) -> bool:
        """Whether the line, the next of the service, is noise."""
        if record := RECORD.match(line):
            told = record["logger"] == "dagster.code_server"
            who = record["logger"]
            routine = record["level"] == "INFO" and (
                who == "dagster-webserver"
                or (who.startswith("dagster.daemon") and TICK.match(record["text"]) is not None)
            )
            self._hidden = told or routine or record["level"] == "DEBUG"
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
    return (str(python), "-c", START, module)

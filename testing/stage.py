"""A platform of stub programs, for tests of the supervisor: real processes, no Dagster.

A stub code server is a few lines of Python on a Unix socket. What it serves is the text of its
team's `code.txt`, which may tell it what to do: see `SERVER`. The stand-in for the webserver asks
these servers as Dagster's does.
"""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import time as clock
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import REGISTRY
from devkit.core.threads import in_thread
from devkit.dev.clock import Clock
from devkit.dev.location import Location
from devkit.dev.options import Options
from devkit.dev.parts import Parts
from devkit.dev.platform import Platform
from devkit.dev.states import SETTLED, ChangeKind, State
from devkit.dev.webserver import UNREACHABLE, LocationEntry, NoAnswerError
from devkit.registry.team import Team
from testing.platform import processes_of

PYTHON = (sys.executable, "-I", "-S", "-u", "-c")
# How many times as fast as real time the platform's own waits are.
SPEED = 40.0
POLL_SECONDS = 0.005

# Serves the text of a file, which is read at the start and at each reload: one connection for each
# request. Words in the text: `crash` ends it at the start, `slow` makes it late, `stubborn` makes
# it ignore TERM, `parent` makes it start a child. `broken` is for the webserver.
SERVER = """
import json, os, signal, socket, subprocess, sys, time
path, file = sys.argv[1:]
def load():
    global text, number
    text, number = open(file).read(), f"{os.getpid()} {time.time()}"
load()
if "crash" in text:
    sys.exit("no database")
if "slow" in text:
    time.sleep(0.2)
if "stubborn" in text:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "parent" in text:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
server = socket.socket(socket.AF_UNIX)
if os.path.exists(path):
    os.unlink(path)
server.bind(path)
server.listen()
while True:
    connection, _ = server.accept()
    with connection:
        try:
            if connection.recv(100) == b"reload":
                load()
            setting = os.environ.get("SETTING")
            answer = {"id": number, "pid": os.getpid(), "text": text, "env": setting}
            connection.sendall(json.dumps(answer).encode())
        except OSError:
            pass
"""
SLEEPER = "import time; print('up'); time.sleep(600)"


def request(path: str | Path, what: str = "state") -> dict[str, str] | None:
    """The answer of the stub server on a socket; None if there is none."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(path))
            client.sendall(what.encode())
            answer: dict[str, str] = json.loads(client.recv(10_000))
        except (OSError, ValueError):
            return None
        return answer


class StubCommands:
    """Commands of stub programs."""

    def webserver(self, workspace: Path, host: str, port: int) -> tuple[str, ...]:
        """A program that does nothing."""
        return (*PYTHON, SLEEPER, "webserver", str(workspace), host, str(port))

    def daemon(self, workspace: Path) -> tuple[str, ...]:
        """A program that does nothing."""
        return (*PYTHON, SLEEPER, "daemon", str(workspace))

    def code_server(self, team: Team, socket: Path) -> tuple[str, ...]:
        """A stub server of the team's text."""
        return (*PYTHON, SERVER, str(socket), str(code_of(team)))


class StubWebserver:
    """Knows locations as Dagster's webserver does: by the workspace file and their servers' ids.

    `silent` is the number of requests that get no answer from now on. `runs` has the socket of the
    server of each unfinished run.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._seen: dict[str, tuple[str, float]] = {}  # the server's id, and when it was seen
        self.silent = 0
        self.runs: dict[str, str] = {}
        self.started_by: dict[str, int] = {}  # the process id of each run's server
        self.calls: Counter[str] = Counter()

    def sockets(self) -> dict[str, str]:
        """The socket of each location of the workspace file."""
        listed = yaml.safe_load(self._workspace.read_text(encoding="utf-8"))["load_from"]
        servers = [entry["grpc_server"] for entry in listed]
        return {server["location_name"]: server["socket"] for server in servers}

    async def is_up(self) -> bool:
        """Whether it answers."""
        with suppress(NoAnswerError):
            self._answer("is_up")
            return True
        return False

    async def updates(self) -> dict[str, float]:
        """When it last saw a new server, or a reload, at each location."""
        await asyncio.sleep(POLL_SECONDS)
        try:
            self._answer("updates")
        except NoAnswerError:
            return {}
        for name, path in self.sockets().items():
            answer = await in_thread(request, path)
            number = answer["id"] if answer else ""
            if self._seen.get(name, ("never",))[0] != number:
                self._seen[name] = (number, clock.time())
        return {name: seen for name, (_, seen) in self._seen.items()}

    async def location(self, name: str) -> LocationEntry | None:
        """Its entry of a location."""
        self._answer("location")
        if name not in self._seen or name not in self.sockets():
            return None
        answer = await in_thread(request, self.sockets()[name])
        error = None if answer else UNREACHABLE
        if answer and "broken" in answer["text"]:
            error = f"Traceback:\nValueError: {answer['text']}"
        return LocationEntry(name, error, self._seen[name][1])

    async def reload(self, name: str) -> None:
        """Have the server read its text again."""
        self._answer("reload")
        answer = await in_thread(request, self.sockets().get(name, ""), "reload")
        if answer is None:
            raise NoAnswerError("its code server does not answer")
        self._seen[name] = (answer["id"], clock.time())

    async def unfinished_runs(self) -> set[str]:
        """The runs that have not ended."""
        self._answer("unfinished_runs")
        return set(self.runs)

    def launch(self, run: str, location: str) -> int:
        """Start a run at a location's server; the process id of that server."""
        path = self.sockets()[location]
        answer = request(path)
        assert answer, f"{location} does not serve"
        self.runs[run] = path
        self.started_by[run] = int(answer["pid"])
        return self.started_by[run]

    def _answer(self, what: str) -> None:
        self.calls[what] += 1
        if self.silent:
            self.silent -= 1
            raise NoAnswerError("IncompleteRead(5 bytes read)")


class StubInstance:
    """Changes the runs of the stub webserver as `programs/instance.py` does."""

    def __init__(self, webserver: StubWebserver) -> None:
        self._webserver = webserver
        self.lost: list[str] = []
        self.failure: Exception | None = None

    async def end_lost_runs(self) -> list[str]:
        """End the runs at sockets where no server answers."""
        if self.failure:
            raise self.failure
        lost = [run for run, path in self._webserver.runs.items() if not request(path)]
        for run in lost:
            del self._webserver.runs[run]
        self.lost += lost
        return lost

    async def move_runs(self, link: Path, socket: Path, time: float) -> set[str]:
        """Record another socket for the runs that the server there has started."""
        assert time <= clock.time()
        answer = request(socket) or {"pid": "-1"}
        moved = {
            run
            for run, path in self._webserver.runs.items()
            if path == str(link) and self._webserver.started_by[run] == int(answer["pid"])
        }
        self._webserver.runs.update(dict.fromkeys(moved, str(socket)))
        return moved


@dataclass
class StubEnvironments:
    """Environments that need no packages: a build takes a moment, or fails."""

    stale_teams: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    built: list[str] = field(default_factory=list)
    stopped: bool = False
    build_seconds: float = 0.0

    def stale(self, team: Team) -> bool:
        """Whether it is in `stale_teams`."""
        return team.name in self.stale_teams

    async def build(self, team: Team) -> None:
        """Take `build_seconds`; fail if the team is in `failing`."""
        await asyncio.sleep(self.build_seconds)
        if team.name in self.failing:
            raise DevkitError(f"the environment of {team.name} can't be built")
        self.stale_teams.discard(team.name)
        self.built.append(team.name)

    async def stop(self) -> None:
        """Nothing to end."""
        self.stopped = True


def code_of(team: Team) -> Path:
    """The text that a team's stub server serves."""
    return team.directory / "code.txt"


class Stage:
    """A platform of stubs in a folder, with teams that a test adds and changes."""

    def __init__(self, folder: Path, names: Sequence[str], options: Options | None = None) -> None:
        self.folder = folder
        self.home = folder / "home"
        (self.home / ".dagteam").mkdir(parents=True)
        (folder / "sockets").mkdir()
        self.teams: list[Team] = []
        self._line = 0
        for name in names:
            self.add(name)
        self.webserver = StubWebserver(self.home / ".dagteam" / "workspace.yaml")
        self.instance = StubInstance(self.webserver)
        self.environments = StubEnvironments()
        self.registry_error: DevkitError | None = None
        options = options or Options(port=1, reload=False)
        parts = Parts(
            StubCommands(), self.webserver, self.instance, self.environments, Clock(SPEED)
        )
        self.platform = Platform(self.home, folder / "sockets", self._choose, options, parts)

    def add(self, name: str, text: str = "good") -> Team:
        """Add a team to the registry."""
        self._line += 1
        directory = self.folder / name
        (directory / name).mkdir(parents=True, exist_ok=True)
        team = Team(name, f"{name}.definitions", directory, Path(sys.executable), self._line)
        code_of(team).write_text(text, encoding="utf-8")
        self.teams.append(team)
        return team

    def remove(self, name: str) -> None:
        """Remove a team from the registry."""
        self.teams = [team for team in self.teams if team.name != name]

    def location(self, name: str) -> Location:
        """The location of a team."""
        return self.platform.locations[name]

    def save(self, name: str, text: str) -> None:
        """Save a team's code."""
        self.code(name).write_text(text, encoding="utf-8")
        self.platform.saved(self.code(name), {name: ChangeKind.CODE})

    def save_env(self, name: str, text: str) -> None:
        """Save a team's `.env`."""
        (team,) = (team for team in self.teams if team.name == name)
        team.env_file.write_text(text, encoding="utf-8")
        self.platform.saved(team.env_file, {name: ChangeKind.ENVIRONMENT})

    def save_registry(self) -> None:
        """Save the registry."""
        self.platform.saved(REGISTRY, {})

    def served(self, name: str) -> dict[str, str] | None:
        """What the server of a location answers."""
        return request(self.location(name).socket)

    def pid(self, name: str) -> int:
        """The process id of a location's server."""
        answer = self.served(name)
        assert answer, f"{name} does not serve"
        return int(answer["pid"])

    def processes(self) -> list[psutil.Process]:
        """All processes of the platform."""
        return processes_of(self.home)

    def running(self, name: str) -> psutil.Process | None:
        """The stub program of the webserver or the daemon, if it runs."""
        for process in self.processes():
            with suppress(psutil.Error):  # it may end at any moment
                if name in process.cmdline():
                    return process
        return None

    def starting(self, name: str, former: int) -> bool:
        """Whether a server of this team runs, another than the former, and does not serve yet."""
        running = [
            one for one in self.processes() if one.pid != former and self._is_server(one, name)
        ]
        return bool(running) and self.served(name) is None

    def _is_server(self, process: psutil.Process, name: str) -> bool:
        with suppress(psutil.Error):
            return str(self.code(name)) in process.cmdline()
        return False

    def code(self, name: str) -> Path:
        """The text that a team's server serves."""
        (team,) = (team for team in self.teams if team.name == name)
        return code_of(team)

    def pending(self, name: str) -> bool:
        """Whether a location has changes that it has not begun to apply."""
        return self.location(name).pending

    async def until(self, condition: Callable[[], object], what: str, seconds: float = 20) -> None:
        """Wait for a condition."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            states = {name: str(one.state) for name, one in self.platform.locations.items()}
            served = {name: self.served(name) for name in states}
            tasks = [f"{task.get_name()}: {task.get_stack()}" for task in asyncio.all_tasks()]
            details = "\n".join([str(states), str(served), *tasks])
            raise AssertionError(f"timed out: {what}\n{details}") from None

    async def loaded(self, *names: str) -> None:
        """Wait until these locations, all by default, are loaded."""
        wanted = names or [team.name for team in self.teams]
        await self.until(
            lambda: all(self.state(name) == State.LOADED for name in wanted), f"{wanted} loaded"
        )

    def state(self, name: str) -> State | None:
        """The state of a location; None if there is none."""
        found = self.platform.locations.get(name)
        return found.state if found else None

    def settled(self) -> bool:
        """Whether every location of the registry is there, and none is doing anything."""
        found = self.platform.locations
        return found.keys() == {team.name for team in self.teams} and all(
            location.state in SETTLED and location.idle for location in found.values()
        )

    def _choose(self) -> Sequence[Team]:
        if self.registry_error:
            raise self.registry_error
        return list(self.teams)


@asynccontextmanager
async def playing(
    folder: Path,
    *names: str,
    options: Options | None = None,
    prepare: Callable[[Stage], object] = lambda _: None,
) -> AsyncIterator[Stage]:
    """Run a platform of stubs with these teams; at the end it has been stopped, and nothing runs.

    `prepare` is called before the platform starts.
    """
    stage = Stage(folder, names, options)
    prepare(stage)
    task = asyncio.create_task(stage.platform.run(list(stage.teams)))
    try:
        yield stage
        if not task.done():
            os.kill(os.getpid(), signal.SIGINT)
        async with asyncio.timeout(20):
            assert await task == 130
        assert stage.environments.stopped
        assert stage.processes() == []
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for process in stage.processes():
            with suppress(psutil.Error):
                process.kill()


def seeded() -> tuple[int, random.Random]:
    """A seed, from the variable SEED or at random, and its random numbers."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))
    return seed, random.Random(seed)  # noqa: S311 (no secrets)

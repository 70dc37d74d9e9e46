"""`invoke build`: for each team a folder that stands alone, for whatever deploys it.

`dist/<location>/` holds the team's code, the shared package beside it, a `requirements.txt`
that pins everything else, and a `pyproject.toml` that needs nothing and says which module
Dagster is to load: so it can be installed, run where it lies, or be packed into an image or an
executable. It is made of what git tracks, or would; the same files give the same bytes,
permissions and times, whoever builds them and when.
"""

import os
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w

from devkit import changes, locks, output, parallel
from devkit.bootstrap import ROOT
from devkit.environments import SHARED
from devkit.errors import DevkitError
from devkit.locks import Room
from devkit.workspace import Team

DIST = ROOT / "dist"
HOSTS = "orchestrator"
# The oldest time that a ZIP archive can hold (1980-01-01), in seconds since the epoch: see
# https://reproducible-builds.org/docs/archives/
FILE_TIME = 315_532_800
DEVELOPMENT = ("pyproject.toml", "requirements.txt", "local_requirements.txt")

HEADER = b"# Made by `invoke build`: what is deployed; what it needs is in requirements.txt.\n"


def build(teams: Sequence[Team], *, hosts: bool) -> None:
    """Make the folder of each team, and that of the `hosts`, webserver and daemon, if asked to.

    Each takes the place of the one from before when it is whole.

    Raises:
        DevkitError: naming the teams whose locks are stale or that can't be built.
    """
    tracked = changes.present_files()
    DIST.mkdir(exist_ok=True)
    units: dict[str, parallel.Work] = {
        team.name: partial(_build_team, team, tracked) for team in teams
    }
    if hosts:
        units[HOSTS] = _build_hosts
    parallel.require(parallel.run("building", units))
    output.say(f"built in {DIST.relative_to(ROOT)}/")


def folder_of(team: Team) -> Path:
    """The folder that is deployed of a team."""
    return DIST / team.location


def _build_team(team: Team, tracked: Sequence[str]) -> str:
    shared = SHARED / SHARED.name
    with _replacing(folder_of(team)) as folder:
        for file in _own_files(team, tracked):
            _copy(team.directory / file, folder / file)
        for file in _below(shared, tracked):
            _copy(shared / file, folder / SHARED.name / file)
        _copy(_fresh_lock(locks.team_room(team)), folder / locks.DEPLOYED)
        _write(folder / "pyproject.toml", _project(team))
    return folder_of(team).relative_to(ROOT).as_posix()


def _build_hosts() -> str:
    hosts = next(room for room in locks.rooms([]) if room.name == HOSTS)
    with _replacing(DIST / HOSTS) as folder:
        _copy(_fresh_lock(hosts), folder / locks.DEPLOYED)
    return (DIST / HOSTS).relative_to(ROOT).as_posix()


def _own_files(team: Team, tracked: Sequence[str]) -> Iterator[Path]:
    """The team's files that are deployed: not its tests, its locks, or what tools read."""
    for file in _below(team.directory, tracked):
        top = file.parts[0]
        if top not in (*DEVELOPMENT, team.tests.name) and not top.startswith("."):
            yield file


def _below(folder: Path, tracked: Sequence[str]) -> Iterator[Path]:
    """The files in a folder, as paths below it."""
    prefix = f"{folder.relative_to(ROOT).as_posix()}/"
    return (Path(file.removeprefix(prefix)) for file in tracked if file.startswith(prefix))


def _fresh_lock(room: Room) -> Path:
    """What the room needs where it is deployed.

    Raises:
        DevkitError: if that is older than what it is made from.
    """
    if reason := locks.stale(room):
        raise DevkitError(reason, mend=f"invoke lock --team {room.name}")
    return room.directory / locks.DEPLOYED


def _project(team: Team) -> bytes:
    """A project that needs nothing, can be installed, and says what Dagster is to load.

    Dagster looks for `tool.dg` above the code that loads a folder of definitions.
    """
    own, shared = map(_read, (team.directory, SHARED))
    project = own.get("project", {})
    tools = {name: table for name, table in own.get("tool", {}).items() if name == "dg"}
    document = {
        "project": {
            "name": project.get("name", team.location),
            "version": project.get("version", "0"),  # a dynamic one's value nobody asks for
            "requires-python": project.get("requires-python", f">={locks.OLDEST_PYTHON}"),
            "dependencies": [],
        },
        "build-system": shared["build-system"],
        "tool": {
            "uv": {
                "build-backend": {"module-name": [team.package, SHARED.name], "module-root": ""}
            },
            "dagster": {"module_name": team.module, "code_location_name": team.location},
            **tools,
        },
    }
    return HEADER + tomli_w.dumps(document).encode()


def _read(project: Path) -> dict[str, Any]:
    with (project / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """An empty folder that takes the target's place once it is filled without an error."""
    with tempfile.TemporaryDirectory(dir=DIST, prefix=f".{target.name}-") as scratch:
        fresh, old = Path(scratch) / "new", Path(scratch) / "old"
        fresh.mkdir()
        yield fresh
        for folder in (fresh, *(each for each in fresh.rglob("*") if each.is_dir())):
            folder.chmod(0o755)
            os.utime(folder, (FILE_TIME, FILE_TIME))
        if target.exists():
            target.rename(old)
        fresh.rename(target)


def _copy(source: Path, target: Path) -> None:
    """Copy one file; of its permissions only whether it can be run counts, as for git."""
    if source.is_dir():
        raise DevkitError(
            f"{source.relative_to(ROOT)} can't be deployed",
            expected="a file, or a link to one",
            found="a link to a folder, or a submodule",
        )
    _write(target, source.read_bytes(), runs=os.access(source, os.X_OK))


def _write(target: Path, content: bytes, *, runs: bool = False) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if runs else 0o644)
    os.utime(target, (FILE_TIME, FILE_TIME))

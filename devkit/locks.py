"""Locks: hash-pinned requirements files, what each is made from, whether it still is that.

`local_requirements.txt` is a room's whole local environment, the shared package in it
visible; `requirements.txt` is what is deployed of it, with the same pins, and with what only a
deployment needs: the dependency group `deploy`, utils' for every team and the orchestrator's
own. The first lines of each hold a digest of what it was made from, so that a stale lock is
noticed without a network. The format is pip's requirements format, which uv writes and both
can read.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from devkit.bootstrap import LOCK, ROOT
from devkit.environments import SHARED, orchestrator_environment
from devkit.errors import DevkitError
from devkit.installed import normalised
from devkit.workspace import Team

LOCAL = "local_requirements.txt"
DEPLOYED = "requirements.txt"
OLDEST_PYTHON = "3.11"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
ENTRY = re.compile(PIN.pattern + r"(?:[ \t]*;[ \t]*(?P<marker>[^\\\n]*[^\\\s]))?", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
DIGEST = re.compile(r"^# inputs: sha256:(?P<digest>[0-9a-f]{64})$", re.MULTILINE)

# For every lock: one version of a package for all supported Pythons, so that the interpreter
# does not decide what a developer has; extras kept, without which pip in its hash mode refuses
# what depends on them; no address of an index and no path of a machine.
OPTIONS = (
    "--universal", "--python-version", OLDEST_PYTHON, "--fork-strategy", "fewest",
    "--generate-hashes", "--no-strip-extras", "--no-header", "--no-annotate", "--quiet",
)  # fmt: skip


@dataclass(frozen=True)
class Room:
    """A folder whose pyproject.toml is locked: a team's, the orchestrator's or the tools'.

    `local` is the lock of the local environment, `deployed` that of what is deployed: the
    tools never are. `holds` are the folders that the local environment has in editable form,
    `groups` the dependency groups for it, and `ships` those for a deployment, as uv names them.
    """

    name: str
    directory: Path
    local: Path
    deployed: Path | None = None
    holds: tuple[Path, ...] = ()
    groups: tuple[str, ...] = ()
    ships: tuple[str, ...] = ()

    @property
    def project(self) -> Path:
        """The file that says what the room needs."""
        return self.directory / "pyproject.toml"


def rooms(teams: Iterable[Team]) -> list[Room]:
    """Every room that has locks."""
    hosts = orchestrator_environment().lock.parent
    return [
        Room("tools", ROOT, LOCK),
        Room(
            "orchestrator",
            hosts,
            hosts / LOCAL,
            hosts / DEPLOYED,
            ships=(f"{hosts.name}/pyproject.toml:deploy",),
        ),
        *map(team_room, teams),
    ]


def team_room(team: Team) -> Room:
    """The room of one team."""
    folder = team.directory
    return Room(
        team.name,
        folder,
        folder / LOCAL,
        folder / DEPLOYED,
        holds=tuple(sorted((SHARED, folder))),
        groups=(f"{folder.relative_to(ROOT)}/pyproject.toml:dev",),
        ships=(f"{SHARED.name}/pyproject.toml:deploy",),
    )


def stale(room: Room) -> str | None:
    """Why the room's locks have to be made again, without asking a package index; or None."""
    for lock in (room.local, room.deployed):
        if lock and not lock.exists():
            return f"{lock.relative_to(ROOT)} is not there"
        if lock and inputs_digest(room) not in DIGEST.findall(lock.read_text()):
            return f"{lock.relative_to(ROOT)} is older than what it is made from"
    if room.deployed and (torn := _torn(room.local, room.deployed)):
        names = f"{room.local.relative_to(ROOT)} and {room.deployed.relative_to(ROOT)}"
        return f"{names} disagree on {', '.join(torn)}: one was edited by hand"
    return None


def _torn(local: Path, deployed: Path) -> list[str]:
    """The packages that the two locks of a room pin otherwise: they are made together."""
    here, there = (dict(PIN.findall(lock.read_text())) for lock in (local, deployed))
    return sorted(name for name in here.keys() & there.keys() if here[name] != there[name])


def stale_rooms(chosen: Iterable[Room]) -> dict[str, str]:
    """The rooms whose locks have to be made again, and why."""
    return {room.name: reason for room in chosen if (reason := stale(room))}


def require_fresh(chosen: Sequence[Room]) -> None:
    """Hold that every lock is what its room's requirements ask for; asks no package index.

    Raises:
        DevkitError: naming each room whose locks have to be made again.
    """
    if reasons := stale_rooms(chosen):
        raise DevkitError(
            "\n".join(reasons.values()), mend=f"invoke lock --team {','.join(reasons)}"
        )


@dataclass(frozen=True)
class Pin:
    """One line of a lock; `marker`: for which Pythons and platforms (PEP 508), if not for all."""

    name: str
    version: str
    marker: str | None

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")


def entries(text: str) -> list[Pin]:
    """The pins in the text of a lock."""
    return [Pin(one["name"], one["version"], one["marker"]) for one in ENTRY.finditer(text)]


def requirements(room: Room) -> list[str]:
    """All that the room's locks pin, as requirements (PEP 508), each once."""
    return sorted({str(pin) for pin in entries(text_of(room.deployed) + text_of(room.local))})


def named(project: Path) -> set[str]:
    """The packages that a pyproject.toml names, for itself or in a dependency group."""
    found = _requirements(project)
    every = [*(found["dependencies"] or ())]
    for group in [
        *(found["optional-dependencies"] or {}).values(),
        *(found["groups"] or {}).values(),
    ]:
        every += [one for one in group if isinstance(one, str)]  # the rest include other groups
    return {package_name(one) for one in every}


def pins(room: Room) -> dict[str, str]:
    """The packages and versions that the room's locks name."""
    return dict(PIN.findall(text_of(room.deployed) + text_of(room.local)))


def inputs_digest(room: Room) -> str:
    """SHA-256 of what decides the room's locks: its requirements, utils' and uv's options."""
    parts: list[object] = [options(room), _requirements(room.project)]
    if room.holds:
        parts.append(_requirements(SHARED / "pyproject.toml"))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def options(room: Room) -> tuple[str, ...]:
    """What uv is told for this room, besides what it resolves."""
    oldest = oldest_python(room)
    return tuple(oldest if option == OLDEST_PYTHON else option for option in OPTIONS)


def oldest_python(room: Room) -> str:
    """The oldest Python that a room's lock is for: its project may ask for a newer one."""
    with room.project.open("rb") as file:
        wanted = tomllib.load(file).get("project", {}).get("requires-python", "")
    lowest = [
        Version(one.version.removesuffix(".*"))
        for one in SpecifierSet(wanted)
        if one.operator in (">=", "~=", "==")
    ]
    return str(max([Version(OLDEST_PYTHON), *lowest]))


def _requirements(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        document = tomllib.load(stream)
    project = document.get("project", {})
    fields = ("name", "version", "requires-python", "dependencies", "optional-dependencies")
    found = {field: project.get(field) for field in fields}
    found["groups"] = document.get("dependency-groups")
    found["uv"] = document.get("tool", {}).get("uv", {}).get("sources")
    return found


def package_name(requirement: str) -> str:
    """The package that `dagster`, `Dagster_K8s` or `dagster<1.13` is about."""
    found = NAME.match(requirement)
    return normalised(found[0] if found else requirement)


def text_of(lock: Path | None) -> str:
    """A lock's text; none if it is not there, or the room has no such lock."""
    return lock.read_text() if lock and lock.exists() else ""

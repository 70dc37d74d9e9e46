"""Environments, and the locks that they are made from."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from devkit import check, environments, installed, locks
from devkit.bootstrap import LOCK, TOOLS
from devkit.contracts import survey, versions
from devkit.doctor.findings import Finding, Kind, Site
from devkit.environments import Environment

LOCK_STALE = Kind(
    "lock-stale",
    what="a lock is older than the pyproject.toml, utils' or the room's, that it is made from, or "
    "was edited by hand",
    why="what is installed and deployed is not what was asked for",
    mend="`invoke lock --team TEAM`",
)
STALE = Kind(
    "environment-stale",
    what="an environment is not there, half-made, or not what its lock says",
    why="commands build it first; an editor or a shell in it does not",
    mend="`invoke setup`",
    safe=True,
)
DRIFT = Kind(
    "environment-drift",
    what="packages were installed into, or removed from, an environment by hand",
    why="code works here and fails for everybody else",
    mend="`invoke doctor --fix` makes the environment anew; to keep a package, name it in the "
    "room's pyproject.toml and `invoke lock --team TEAM`",
    safe=True,
)
PYTHONS = Kind(
    "pythons-differ",
    what="environments are of different minor versions of Python",
    why="what works for one team may not for another, and utils has to work in both",
    mend="`requires-python` in each room's pyproject.toml, then `invoke setup`",
    grave=False,
)
BEHIND = Kind(
    "orchestrator-behind",
    what="a team's Dagster is newer than the webserver's and the daemon's",
    why="a newer code location may not be understood by older hosts",
    mend="`invoke lock --team orchestrator --upgrade`",
)
DIFFER = Kind(
    "hosts-differ",
    what="webserver and daemon are of two versions",
    why="they share one instance",
    mend="`invoke lock --team orchestrator --upgrade`",
)
UNMET = Kind(
    "utils-unmet",
    what="an environment lacks what utils requires",
    why="importing utils, or using it, fails there",
    mend="`invoke lock --team TEAM`, then `invoke setup`",
)

# What `python -m venv` brings, and `uv pip sync` leaves in an environment that it has not made.
SEEDS = {"pip", "setuptools", "wheel", "uv"}
EDITABLE = re.compile(r"^-e \./(?P<folder>\S+)", re.MULTILINE)


def stale_locks(site: Site) -> Iterator[Finding]:
    """`lock-stale`: asks no package index."""
    for room in locks.rooms(site.teams):
        if reason := locks.stale(room):
            yield LOCK_STALE.found(reason, mend=f"`invoke lock --team {room.name}`")


def stale_environments(site: Site) -> Iterator[Finding]:
    """`environment-stale`, by the stamps."""
    for environment in environments.every_environment(site.teams):
        if reason := environments.stale(environment):
            yield STALE.found(
                f"the environment of {environment.name} has to be built: {reason}",
                fix=partial(environments.build, environment),
            )


def drift(site: Site) -> Iterator[Finding]:
    """`environment-drift`: of those that are up to date by their stamps, what they hold."""
    for environment in environments.every_environment(site.teams):
        if environments.stale(environment) is None:
            said = differences(environment.path, environment.lock, site.root)
            if said:
                yield DRIFT.found(
                    f"the environment of {environment.name} is not its lock: {said}",
                    fix=partial(rebuild, environment),
                )
    if said := differences(TOOLS, LOCK, site.root):
        yield DRIFT.found(
            f"the environment of the tools is not its lock: {said}",
            mend="`python3 tasks.py setup`, once the stamp is gone: `rm .venv-tools/.stamp`",
            fix=forget_tools,
        )


def differences(path: Path, lock: Path, root: Path) -> str:
    """How what is installed differs from what a lock pins for this machine; nothing if it does not.

    Read from the names of folders, without starting a Python.
    """
    wanted = pinned(lock.read_text(), installed.python_version(path), root)
    found = installed.distributions(path)
    parts = [
        *(
            f"{name} {found[name]} was added"
            for name in sorted(found.keys() - wanted.keys() - SEEDS)
        ),
        *(f"{name} is gone" for name in sorted(wanted.keys() - found.keys())),
        *(
            f"{name} is {found[name]}, not {version}"
            for name, version in sorted(wanted.items())
            if version and name in found and found[name] != version
        ),
    ]
    return "; ".join(parts)


def pinned(lock: str, python: str, root: Path) -> dict[str, str]:
    """What a lock asks for on this platform with this Python: normalised names and versions.

    A folder that is installed in editable form has no version to compare: "".
    """
    from packaging.markers import Marker

    marks = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    found = {}
    for pin in locks.entries(lock):
        if not pin.marker or Marker(pin.marker).evaluate(marks):
            found[installed.normalised(pin.name)] = pin.version
    for editable in EDITABLE.finditer(lock):
        found[installed.normalised(installed.project_name(root / editable["folder"]))] = ""
    return found


def rebuild(environment: Environment) -> str:
    """Make an environment anew, whatever its stamp says."""
    (environment.path / environments.STAMP).unlink(missing_ok=True)
    return environments.build(environment)


def forget_tools() -> str:
    """Let the next command make the tools' environment anew: this one runs in it."""
    (TOOLS / environments.STAMP).unlink(missing_ok=True)
    return "the next command makes it anew"


def pythons(site: Site) -> Iterator[Finding]:
    """`pythons-differ`."""
    found: dict[str, list[str]] = {}
    for environment in environments.every_environment(site.teams):
        version = installed.python_version(environment.path)
        if version != installed.UNKNOWN:
            found.setdefault(".".join(version.split(".")[:2]), []).append(environment.name)
    if len(found) > 1:
        who = "; ".join(
            f"{version}: {', '.join(names)}" for version, names in sorted(found.items())
        )
        yield PYTHONS.found(f"environments are of different Pythons: {who}")


def skew(site: Site) -> Iterator[Finding]:
    """`orchestrator-behind`, `hosts-differ`, `utils-unmet`: contracts that need no loading."""
    held: tuple[tuple[Kind, Callable[[survey.Survey], Iterator[survey.Finding]]], ...] = (
        (BEHIND, versions.hosts_behind),
        (DIFFER, versions.hosts_differ),
        (UNMET, versions.shared_unmet),
    )
    surveyed = check.survey(site.teams, [])
    if surveyed.hosts:  # else its environment is not there, which is said already
        for kind, contract in held:
            for one in contract(surveyed):
                yield kind.found(one.message, mend=f"`{one.mend}`")

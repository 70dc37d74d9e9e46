"""The environments, and the locks that they are built from."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name

from devkit.contracts import versions
from devkit.contracts.collect import collect
from devkit.core import pyproject
from devkit.core.paths import TOOLS, TOOLS_LOCK
from devkit.doctor.findings import Context, Finding, Rule, Severity
from devkit.environments import installed, lockfiles, project, venvs
from devkit.environments.venvs import Environment

LOCK_STALE = Rule(
    "lock-stale",
    what="a lock is out of date: a pyproject.toml changed, or the lock was edited by hand",
    why="what is installed and deployed is not what was asked for",
    fix="`invoke lock --team TEAM`",
)
STALE = Rule(
    "environment-stale",
    what="an environment is missing, incomplete, or older than its lock",
    why="commands build it first; an editor or a shell in it does not",
    fix="`invoke setup`",
    safe=True,
)
DRIFT = Rule(
    "environment-drift",
    what="packages were installed into, or removed from, an environment by hand",
    why="code works here and fails for everybody else",
    fix="`invoke doctor --fix` builds the environment again; to keep a package, add it to the "
    "project's pyproject.toml and run `invoke lock --team TEAM`",
    safe=True,
)
PYTHONS = Rule(
    "pythons-differ",
    what="environments are of different minor versions of Python",
    why="what works for one team may not for another, and utils has to work in both",
    fix="change `requires-python` in the pyproject.toml files, then `invoke setup`",
    severity=Severity.WARNING,
)
BEHIND = Rule(
    "orchestrator-behind",
    what="a team's Dagster is newer than the webserver's and the daemon's",
    why="an older webserver may not understand a newer code location",
    fix="`invoke lock --team orchestrator --upgrade`",
)
DIFFER = Rule(
    "hosts-differ",
    what="webserver and daemon are of two versions",
    why="they share one instance",
    fix="`invoke lock --team orchestrator --upgrade`",
)
UNMET = Rule(
    "utils-unmet",
    what="an environment lacks what utils requires",
    why="importing utils, or using it, fails there",
    fix="`invoke lock --team TEAM`, then `invoke setup`",
)

# What `python -m venv` brings, and `uv pip sync` leaves in an environment that it has not made.
SEEDS = {"pip", "setuptools", "wheel", "uv"}
EDITABLE = re.compile(r"^-e \./(?P<folder>\S+)", re.MULTILINE)


def stale_locks(context: Context) -> Iterator[Finding]:
    """`lock-stale`: asks no package index."""
    for one in project.all_projects(context.teams):
        if reason := lockfiles.stale(one):
            yield LOCK_STALE.finding(reason, fix=f"`invoke lock --team {one.name}`")


def stale_environments(context: Context) -> Iterator[Finding]:
    """`environment-stale`, by the stamps."""
    for environment in venvs.every_environment(context.teams):
        if reason := venvs.stale(environment):
            yield STALE.finding(
                f"the environment of {environment.name} has to be built: {reason}",
                repair=partial(venvs.build, environment),
            )


def drift(context: Context) -> Iterator[Finding]:
    """`environment-drift`: of those that are up to date by their stamps, what they hold."""
    for environment in venvs.every_environment(context.teams):
        if venvs.stale(environment) is None:
            difference = differences(environment.path, environment.lock, context.root)
            if difference:
                yield DRIFT.finding(
                    f"the environment of {environment.name} differs from its lock: {difference}",
                    repair=partial(rebuild, environment),
                )
    if difference := differences(TOOLS, TOOLS_LOCK, context.root):
        yield DRIFT.finding(
            f"the environment of the tools differs from its lock: {difference}",
            fix="`rm .venv-tools/.stamp`, then `python3 tasks.py setup`",
            repair=forget_tools,
        )


def differences(path: Path, lock: Path, root: Path) -> str:
    """How what is installed differs from what a lock pins for this machine; empty if it does not.

    Read from the names of folders, without starting a Python.
    """
    wanted = pinned(lock.read_text(encoding="utf-8"), installed.python_version(path), root)
    found = installed.distributions(path)
    parts = [
        *(
            f"{name} {found[name]} was added"
            for name in sorted(found.keys() - wanted.keys() - SEEDS)
        ),
        *(f"{name} was removed" for name in sorted(wanted.keys() - found.keys())),
        *(
            f"{name} is {found[name]}, not {version}"
            for name, version in sorted(wanted.items())
            if version and name in found and found[name] != version
        ),
    ]
    return "; ".join(parts)


def pinned(lock: str, python: str, root: Path) -> dict[str, str]:
    """What a lock asks for on this platform with this Python: normalized names and versions.

    A folder that is installed in editable form has no version to compare: "".
    """
    from packaging.markers import Marker

    marks = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    found: dict[str, str] = {}
    for pin in lockfiles.parse(lock):
        if not pin.marker or Marker(pin.marker).evaluate(marks):
            found[canonicalize_name(pin.name)] = pin.version
    for editable in EDITABLE.finditer(lock):
        found[pyproject.read(root / editable["folder"]).name] = ""
    return found


def rebuild(environment: Environment) -> str:
    """Build an environment again, whatever its stamp says."""
    (environment.path / venvs.STAMP).unlink(missing_ok=True)
    return venvs.build(environment)


def forget_tools() -> str:
    """Let the next command build the tools' environment again: this one runs in it."""
    (TOOLS / venvs.STAMP).unlink(missing_ok=True)
    return "the next command builds it again"


def pythons(context: Context) -> Iterator[Finding]:
    """`pythons-differ`."""
    found: dict[str, list[str]] = {}
    for environment in venvs.every_environment(context.teams):
        version = installed.python_version(environment.path)
        if version != installed.UNKNOWN:
            found.setdefault(".".join(version.split(".")[:2]), []).append(environment.name)
    if len(found) > 1:
        who = "; ".join(
            f"{version}: {', '.join(names)}" for version, names in sorted(found.items())
        )
        yield PYTHONS.finding(f"environments have different Pythons: {who}")


def skew(context: Context) -> Iterator[Finding]:
    """`orchestrator-behind`, `hosts-differ`, `utils-unmet`: contracts that need no loading."""
    snapshot = collect(context.teams, [])
    if snapshot.orchestrator:  # else its environment is missing, which is another finding
        for rule, contract in (
            (BEHIND, versions.orchestrator_behind),
            (DIFFER, versions.orchestrator_differs),
            (UNMET, versions.shared_unmet),
        ):
            for violation in contract(snapshot):
                yield rule.finding(violation.message, fix=f"`{violation.fix}`")

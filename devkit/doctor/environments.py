"""Checks of the environments, and of the locks that they are built from."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name

from devkit.contracts import versions
from devkit.contracts.collect import collect
from devkit.core import pyproject
from devkit.core.errors import FIXABLE, fixable
from devkit.core.paths import TOOLS, TOOLS_LOCK, shown
from devkit.doctor.findings import Context, Finding, Rule, Severity
from devkit.environments import installed, interpreters, lockfiles, project, variables, venvs
from devkit.environments.venvs import Environment

LOCK_STALE = Rule(
    "lock-stale",
    what="a lock is out of date: a pyproject.toml changed, or the lock was edited by hand",
    why="installed and deployed packages may not match pyproject.toml",
    fix="`invoke lock --team TEAM`",
)
STALE = Rule(
    "environment-stale",
    what="an environment is missing, incomplete, or older than its lock",
    why="commands rebuild it first, but editors and open shells use it as it is",
    fix="`invoke setup`",
    safe=True,
)
NO_PYTHON = Rule(
    "python-missing",
    what="no Python on this machine is one that a project's `requires-python` allows",
    why="`invoke setup` has to download one, which fails without a network, behind a proxy that "
    "blocks it, or if downloads are switched off (UV_PYTHON_DOWNLOADS)",
    fix="install one of these versions, or `.venv-tools/bin/uv python install VERSION` (see "
    "UV_PYTHON_INSTALL_MIRROR), then `invoke setup`",
)
DRIFT = Rule(
    "environment-drift",
    what="packages were installed into, or removed from, an environment by hand",
    why="code that works here may fail everywhere else",
    fix="`invoke doctor --fix` builds the environment again; to keep a package, add it to the "
    "project's pyproject.toml and run `invoke lock --team TEAM`",
    safe=True,
)
PYTHONS = Rule(
    "pythons-differ",
    what="environments have different minor versions of Python",
    why="code that works for one team may fail for another, and utils has to work for both",
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
    what="webserver and daemon have different versions",
    why="they share one instance",
    fix="`invoke lock --team orchestrator --upgrade`",
)
UNMET = Rule(
    "utils-unmet",
    what="an environment does not meet the requirements of utils",
    why="importing or using utils fails there",
    fix="`invoke lock --team TEAM`, then `invoke setup`",
)

VARIABLES = Rule(
    "env-unusable",
    what="the `.env` of a team can't be read",
    why="its code, tests and shell can't be started",
    fix="fix what the message names",
)

# Packages that `python -m venv` installs, and that `uv pip sync` does not remove.
SEEDS = {"pip", "setuptools", "wheel", "uv"}


def stale_locks(context: Context) -> Iterator[Finding]:
    """`lock-stale`: asks no package index."""
    for one in project.all_projects(context.teams):
        for reason in lockfiles.stale_projects([one]).values():
            yield LOCK_STALE.finding(reason, fix=f"`invoke lock --team {one.name}`")


def variable_files(context: Context) -> Iterator[Finding]:
    """`env-unusable`."""
    for team in context.teams:
        try:
            variables.own(team)
        except FIXABLE as error:
            found = fixable(error)
            yield VARIABLES.finding(found.what, fix=found.fix or "")


def stale_environments(context: Context) -> Iterator[Finding]:
    """`environment-stale`, according to the stamps; `python-missing` if it can't be built."""
    for environment in venvs.every_environment(context.teams):
        if (reason := venvs.stale(environment)) == venvs.Stale.FOREIGN:
            folder = shown(environment.path)
            yield STALE.finding(
                f"{folder} is in the way of the environment of {environment.name}: {reason}",
                fix=f"`rm -r {folder}`, then `invoke setup`",
            )
        elif reason and (python := _missing_python(environment)):
            yield NO_PYTHON.finding(
                f"the environment of {environment.name} needs Python {python}, which this machine "
                "does not have",
                fix=NO_PYTHON.fix.replace("VERSION", f"'{python}'"),
            )
        elif reason:
            yield STALE.finding(
                f"the environment of {environment.name} has to be built: {reason}",
                repair=partial(venvs.build, environment),
            )


def _missing_python(environment: Environment) -> str | None:
    try:
        return interpreters.missing(environment.projects[0])
    except FIXABLE:  # another finding
        return None


def drift(context: Context) -> Iterator[Finding]:
    """`environment-drift`: the packages in the environments whose stamps are up to date."""
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
    """How the installed packages differ from a lock's pins for this machine; empty if they do not.

    Read from the names of folders, without starting Python.
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
    """A lock's pins for this platform and Python: versions by normalized name.

    A package that is editable or has a URL has no version to compare: its version is "".
    """
    from packaging.markers import Marker

    marks = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    found: dict[str, str] = {}
    for pin in lockfiles.parse(lock):
        if not pin.marker or Marker(pin.marker).evaluate(marks):
            found[canonicalize_name(pin.name)] = pin.version or ""
    for editable in lockfiles.EDITABLE.finditer(lock):
        found[pyproject.read(root / editable["folder"]).name] = ""
    return found


def rebuild(environment: Environment) -> str:
    """Build an environment again, even if its stamp is up to date."""
    return venvs.build(environment, again=True)


def forget_tools() -> str:
    """Make the next command build the tools' environment again, since this one runs in it."""
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
    """`orchestrator-behind`, `hosts-differ`, `utils-unmet`: contracts without definitions."""
    snapshot = collect(context.teams, [])
    if snapshot.orchestrator:  # otherwise its environment is missing: another finding
        for rule, contract in (
            (BEHIND, versions.orchestrator_behind),
            (DIFFER, versions.orchestrator_differs),
            (UNMET, versions.shared_unmet),
        ):
            for violation in contract(snapshot):
                yield rule.finding(violation.message, fix=f"`{violation.fix}`")

"""Finds what is wrong with this machine or checkout, and repairs what is safe to repair."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from devkit.core import parallel
from devkit.core.errors import DevkitError, fixable
from devkit.core.paths import ROOT
from devkit.dev import home
from devkit.doctor import (
    checkout,
    dagster_home,
    environments,
    kit,
    leftovers,
    machine,
    unfinished,
)
from devkit.doctor.findings import Context, Finding, Rule, Severity
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams

REGISTRY = Rule(
    "registry-broken",
    what="workspace.yaml is missing or invalid",
    why="no command can find the teams",
    fix="fix what the message names, then check with `invoke teams`",
)
CHECK_FAILED = Rule(
    "not-known",
    what="a check could not run",
    why="problems that it would find are not reported",
    fix="fix what the message names",
)

Check = Callable[[Context], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    checkout.git,
    checkout.ownership,
    checkout.secrets,
    environments.variable_files,
    environments.stale_locks,
    environments.stale_environments,
    environments.drift,
    environments.pythons,
    environments.skew,
    unfinished.change,
    checkout.derivation,
    kit.edited,
    kit.behind,
    dagster_home.folder,
    dagster_home.schema,
    leftovers.processes,
    leftovers.sockets,
    leftovers.port,
    machine.disk,
    machine.memory,
    machine.watches,
    machine.file_systems,
    machine.cache,
    machine.variables,
)


def examine() -> list[Finding]:
    """Run every check; return the findings, errors first."""
    found: list[Finding] = []
    teams: tuple[Team, ...] = ()
    try:
        teams = load_teams(ROOT)
    except DevkitError as error:
        found.append(REGISTRY.finding(error.what, fix=error.fix or ""))
    context = Context(teams=teams, home=home.locate(), environ=os.environ)
    for check in CHECKS:
        found += run_check(check, context)
    return sorted(found, key=lambda finding: finding.severity != Severity.ERROR)


def run_check(check: Check, context: Context) -> list[Finding]:
    """The findings of one check; a check that could not run is itself a finding."""
    found: list[Finding] = []
    try:
        found.extend(check(context))
    except (DevkitError, OSError, ValueError, KeyError) as error:  # a broken file, for instance
        name = f"{check.__module__.rpartition('.')[2]}.{check.__name__}"
        reason = fixable(error)
        fix = reason.fix or CHECK_FAILED.fix
        found.append(CHECK_FAILED.finding(f"{name}: {reason.what}", fix=fix))
    return found


def repair_all(found: Sequence[Finding]) -> list[Finding]:
    """Repair what is safe, and what becomes visible after that; return what is left.

    Each repair is tried once, and one at a time: DAGSTER_HOME needs the orchestrator's environment.
    """
    tried: set[tuple[str, str]] = set()
    left = list(found)
    while True:
        pending = [
            finding
            for finding in left
            if finding.repair and (finding.code, finding.what) not in tried
        ]
        if not pending:
            return left
        tried.update((finding.code, finding.what) for finding in pending)
        jobs = {
            f"{finding.code} {number}": partial(_repair, finding)
            for number, finding in enumerate(pending, start=1)
        }
        parallel.run("fixing", jobs, at_a_time=1)
        left = examine()


def _repair(finding: Finding) -> str:
    """Repair one finding; return what it was and what was done.

    Raises:
        DevkitError: if it can't be repaired.
    """
    try:
        done = finding.repair() if finding.repair else "nothing to do"
    except OSError as error:
        raise DevkitError(f"{finding.what}: {error}") from None
    return f"{finding.what}: {done}"

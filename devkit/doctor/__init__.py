"""`invoke doctor`: what is wrong with this machine or checkout, and the command that mends it."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from devkit import home, output, parallel
from devkit.bootstrap import ROOT
from devkit.doctor import checkout, instance, leftovers, machine, rooms
from devkit.doctor.findings import Finding, Kind, Site
from devkit.errors import DevkitError
from devkit.workspace import Team, load_teams

REGISTRY = Kind(
    "registry-broken",
    what="workspace.yaml can't be read, or an entry is wrong",
    why="no command knows the teams",
    mend="see what it says, then `invoke teams`",
)
UNKNOWN = Kind(
    "not-known",
    what="something could not be looked at",
    why="whether all is well there is not known",
    mend="see what it says",
)

CHECKS: tuple[Callable[[Site], Iterator[Finding]], ...] = (
    checkout.git,
    checkout.ownership,
    checkout.secrets,
    rooms.stale_locks,
    rooms.stale_environments,
    rooms.drift,
    rooms.pythons,
    rooms.skew,
    checkout.derivation,
    instance.folder,
    instance.schema,
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


def run(*, fix: bool = False, as_json: bool = False) -> None:
    """Look at everything and tell what is wrong; with `fix`, first mend what is safe to.

    Raises:
        DevkitError: if something is left that has to be mended.
    """
    if as_json:
        output.divert()
    found = examine()
    if fix:
        found = mend(found)
    if as_json:
        output.answer(to_json(found))
    else:
        tell(found)
    grave = [one for one in found if one.grave]
    if grave:
        safe = any(one.fix for one in grave)
        raise DevkitError(
            f"to be mended: {', '.join(dict.fromkeys(one.code for one in grave))}",
            mend="see above" + ("; `invoke doctor --fix` does what is safe" if safe else ""),
        )


def examine() -> list[Finding]:
    """What is wrong here: what has to be mended comes first."""
    found: list[Finding] = []
    teams: tuple[Team, ...] = ()
    try:
        teams = load_teams(ROOT)
    except DevkitError as error:
        found.append(REGISTRY.found(error.what, mend=error.mend or ""))
    site = Site(teams=teams, home=home.locate(), environ=os.environ)
    for check in CHECKS:
        found += look(check, site)
    return sorted(found, key=lambda one: not one.grave)


def look(check: Callable[[Site], Iterator[Finding]], site: Site) -> list[Finding]:
    """What a check finds; if it can't look, that."""
    found: list[Finding] = []
    try:
        found.extend(check(site))
    except (DevkitError, OSError, ValueError, KeyError) as error:  # a file that is broken, say
        what = f"{check.__module__.rpartition('.')[2]}.{check.__name__}: {error}"
        found.append(UNKNOWN.found(what))
    return found


def mend(found: Sequence[Finding]) -> list[Finding]:
    """Mend what is safe, and what comes up behind it; what is left afterwards.

    Nothing is tried twice. One after the other: DAGSTER_HOME needs the orchestrator's environment.
    """
    tried: set[tuple[str, str]] = set()
    left = list(found)
    while units := {
        f"{one.code} {number}": one
        for number, one in enumerate(left, start=1)
        if one.fix and (one.code, one.what) not in tried
    }:
        tried |= {(one.code, one.what) for one in units.values()}
        parallel.run(
            "mending",
            {name: partial(apply, one) for name, one in units.items()},
            at_a_time=1,
        )
        left = examine()
    return left


def apply(one: Finding) -> str:
    """Mend one finding; what it was and what was done.

    Raises:
        DevkitError: if it can't be mended.
    """
    try:
        return f"{one.what}: {one.fix() if one.fix else 'nothing was done'}"
    except OSError as error:
        raise DevkitError(f"{one.what}: {error}") from None


def tell(found: Sequence[Finding]) -> None:
    """Print each finding with why it matters and what mends it."""
    for one in found:
        output.block(
            f"{one.code}{'' if one.grave else ' (to know)'}",
            f"{one.what}\n  why:      {one.why}\n  to mend:  {one.mend}",
        )
    if not found:
        output.say(f"all is well: {len(CHECKS)} checks, nothing found")


def to_json(found: Sequence[Finding]) -> str:
    """A list of objects; `safe` says whether --fix mends it."""
    rows = []
    for one in found:
        told = {name: value for name, value in asdict(one).items() if name != "fix"}
        rows.append({**told, "safe": one.fix is not None})
    return json.dumps(rows, indent=1)


def kinds() -> list[Kind]:
    """Everything that can be found, in the order in which it is looked for."""
    modules = (checkout, rooms, instance, leftovers, machine)
    told = [REGISTRY, *(each for module in modules for each in vars(module).values()), UNKNOWN]
    return [each for each in told if isinstance(each, Kind)]


def files(_: Sequence[Team]) -> dict[Path, str]:
    """docs/doctor.md, which is made from the kinds of findings."""
    head = """# What `invoke doctor` finds

<!-- Made by `invoke derive` from devkit/doctor/: edits are lost. -->

It looks and starts nothing, needs no network, and works when things are broken. Exit code 1 if
something has to be mended; what is only to know fails nothing. `--fix` does what can lose nothing,
`--json` is for programs.

| finding | what | why it matters | to mend | `--fix` |
|---|---|---|---|---|
"""
    rows = [
        f"| `{kind.code}`{'' if kind.grave else ' (to know)'} | {kind.what} | {kind.why} "
        f"| {kind.mend} | {'yes' if kind.safe else ''} |\n"
        for kind in kinds()
    ]
    return {ROOT / "docs/doctor.md": head + "".join(rows)}

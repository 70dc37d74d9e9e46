"""`invoke outdated`: who is behind on what, across rooms, and known vulnerabilities.

Three versions of each package: what is locked, what the room's own pyproject.toml would allow
today, and the newest that there is. What lies between the last two, a bound keeps away.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from devkit import locking, locks, output, parallel, processes, vulnerabilities
from devkit.bootstrap import ROOT, TOOLS, clean_environment
from devkit.errors import DevkitError
from devkit.failures import explain
from devkit.installed import UNKNOWN
from devkit.locks import PIN, Room
from devkit.vulnerabilities import UnreachableError

VULNERABILITIES = "vulnerabilities"


@dataclass(frozen=True)
class Row:
    """One package in one room; `named` is whether a pyproject.toml names it.

    `allowed` and `newest` are UNKNOWN where nobody could be asked. `against` is what is
    known against the locked version.
    """

    package: str
    room: str
    locked: str
    allowed: str
    newest: str
    named: bool
    against: tuple[str, ...]

    @property
    def major(self) -> bool:
        """Whether the newest is another major version: of 0.x, another x."""
        return self.newest != UNKNOWN and _major(self.newest) != _major(self.locked)

    @property
    def behind(self) -> bool:
        """Whether there is a newer one, or something is known against this one."""
        newer = {self.allowed, self.newest} - {UNKNOWN, self.locked}
        return bool(newer or self.against)

    @property
    def note(self) -> str:
        """What is remarkable about it."""
        return "; ".join([*(["major"] if self.major else []), *self.against])


def show(
    chosen: Sequence[Room],
    *,
    everything: bool = False,
    as_json: bool = False,
    database: str = "",
) -> None:
    """Ask the index and the database for all rooms side by side, and show one table.

    What no pyproject.toml names is shown if something is known against it, or with `everything`.
    `database` is the URL of a mirror of OSV; one that can't be reached is said and fails nothing.

    Raises:
        DevkitError: naming the rooms whose versions are not known; the others are shown.
    """
    if as_json:
        output.divert()
    allowed: dict[str, dict[str, str]] = {}
    newest: dict[str, dict[str, str]] = {}
    known: dict[str, vulnerabilities.Known] = {}
    locked = {room.name: locks.pins(room) for room in chosen}

    def resolve(room: Room) -> str:
        newest[room.name] = newest_of(room, locked[room.name])
        allowed[room.name] = locking.allowed(room)
        moved = sum(locked[room.name].get(name) != v for name, v in allowed[room.name].items())
        return f"{moved} of {len(locked[room.name])} pins would move"

    def audit() -> str:
        try:
            for room in chosen:  # if nobody answers for one, nobody will for the others
                known[room.name] = vulnerabilities.of(room, database)
        except UnreachableError as error:
            return f"not known: {error}"
        return f"{sum(map(len, known.values()))} packages have some"

    outcomes = parallel.run(
        "asking the index",
        {
            VULNERABILITIES: audit,
            **{room.name: partial(resolve, room) for room in chosen},
        },
    )
    by_name = {room.name: named(room) for room in chosen}
    rows = [
        Row(
            package=package,
            room=room.name,
            locked=version,
            allowed=allowed.get(room.name, {}).get(package, UNKNOWN),
            newest=newest.get(room.name, {}).get(package, UNKNOWN),
            named=package in by_name[room.name],
            against=known.get(room.name, {}).get(package, ()),
        )
        for room in chosen
        for package, version in locked[room.name].items()
    ]
    behind = sorted((row for row in rows if row.behind), key=lambda row: (row.package, row.room))
    shown = [row for row in behind if everything or row.named or row.against]
    if as_json:
        output.answer(json.dumps([as_object(row) for row in behind], indent=1))
    else:
        _tell(shown, hidden=len(behind) - len(shown))
    parallel.require(outcomes)


def newest_of(room: Room, packages: Iterable[str]) -> dict[str, str]:
    """The newest version of each package for the room's Pythons, bounds aside.

    Raises:
        DevkitError: if the package index can't be reached.
    """
    done = processes.run(
        [TOOLS / "bin" / "uv", "pip", "compile", "-", "--no-deps", *locks.options(room)],
        cwd=ROOT,
        env=clean_environment(),
        stdin="\n".join(sorted(packages)),
    )
    if done.code:
        raise DevkitError(f"the newest are not known\n{explain(done.text) or done.text}")
    return dict(PIN.findall(done.output))


def named(room: Room) -> set[str]:
    """The packages that the room's pyproject.toml names, or utils' where it is installed."""
    projects = [room.project, *(folder / "pyproject.toml" for folder in room.holds)]
    found: set[str] = set()
    for project in dict.fromkeys(projects):
        found |= locks.named(project)
    return found


def as_object(row: Row) -> dict[str, Any]:
    """A row for programs: what is not known is null."""
    told = {**asdict(row), "major": row.major}
    return {name: None if value == UNKNOWN else value for name, value in told.items()}


def _tell(shown: Sequence[Row], hidden: int) -> None:
    if shown:
        output.table(
            ("package", "room", "locked", "allowed", "newest", ""),
            [(r.package, r.room, r.locked, r.allowed, r.newest, r.note) for r in shown],
        )
        output.say("to take what is allowed: `invoke lock --team ROOM --package PACKAGE`, or")
        output.say("`--upgrade` for all; beyond it: the bound in pyproject.toml first")
    else:
        output.say("nothing that a pyproject.toml names is behind")
    if hidden:
        output.say(f"and {hidden} that these bring with them: `--all` shows them")


def _major(version: str) -> tuple[int, ...]:
    from packaging.version import Version

    release = Version(version).release
    return release[:1] if release[0] else release[:2]

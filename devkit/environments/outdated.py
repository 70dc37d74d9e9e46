"""Finds outdated and vulnerable packages in the locks of projects.

Compares three versions of each package: the locked one, the newest that the project's bounds
allow, and the newest of all.
"""

import json as json_format
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from devkit.core import output, parallel
from devkit.core.errors import FIXABLE
from devkit.environments import audit, lockfiles, resolver
from devkit.environments.installed import UNKNOWN
from devkit.environments.lockfiles import Pin
from devkit.environments.project import Project

VULNERABILITIES = "vulnerabilities"


@dataclass(frozen=True)
class Row:
    """One package in one project; `named` means that it is a direct dependency.

    `allowed` and `newest` are UNKNOWN if they could not be looked up. `advisories` are those for
    the locked version.
    """

    package: str
    project: str
    locked: str
    allowed: str
    newest: str
    named: bool
    advisories: tuple[str, ...]

    @property
    def major(self) -> bool:
        """Whether the newest version is another major one: for 0.x, another x."""
        return self.newest != UNKNOWN and _major(self.newest) != _major(self.locked)

    @property
    def behind(self) -> bool:
        """Whether there is a newer version, or an advisory for this one."""
        newer = {self.allowed, self.newest} - {UNKNOWN, self.locked}
        return bool(newer or self.advisories)

    @property
    def note(self) -> str:
        """The text for the last column."""
        return "; ".join([*(["major"] if self.major else []), *self.advisories])


def show(
    projects: Sequence[Project],
    *,
    everything: bool = False,
    as_json: bool = False,
    database: str = "",
) -> None:
    """Look up versions and advisories for all projects side by side, and print one table.

    Transitive dependencies are shown if there is an advisory for them, or with `everything`.
    `database` is the URL of an OSV mirror. An unreachable database is reported, but is no failure.

    Raises:
        DevkitError: naming the projects whose versions could not be looked up; the others are
            shown.
    """
    if as_json:
        output.use_stderr()
    allowed: dict[str, list[Pin]] = {}
    newest: dict[str, dict[str, str]] = {}
    known: dict[str, audit.Advisories] = {}
    direct: dict[str, set[str]] = {}
    locked = lockfiles.readable(projects, _versions)

    def look_up(project: Project) -> str:
        pins = _versions(project)
        direct[project.name] = lockfiles.direct_dependencies(project)
        newest[project.name] = resolver.newest(project, {pin.name for pin in pins})
        found = allowed[project.name] = resolver.newest_allowed(project)
        moved = sum(allowed_instead(pin, found) != pin.version for pin in pins)
        return f"{moved} of {len(pins)} pins would move"

    def look_for_advisories() -> str:
        try:
            for project in projects:  # in turn: an unreachable database would fail for each
                with suppress(*FIXABLE):  # its own job reports it
                    known[project.name] = audit.audit(project, database)
        except audit.UnreachableError as error:
            return f"unknown: {error}"
        return f"{sum(map(len, known.values()))} packages have some"

    jobs: dict[str, parallel.Work] = {VULNERABILITIES: look_for_advisories}
    jobs |= {project.name: partial(look_up, project) for project in projects}
    outcomes = parallel.run("asking the index", jobs)
    rows = [
        Row(
            package=pin.name,
            project=project.name,
            locked=str(pin.version),
            allowed=allowed_instead(pin, allowed.get(project.name, [])),
            newest=newest.get(project.name, {}).get(pin.name, UNKNOWN),
            named=pin.name in direct.get(project.name, ()),
            advisories=known.get(project.name, {}).get(pin.name, ()),
        )
        for project in projects
        for pin in locked.get(project.name, [])
    ]
    behind = sorted((row for row in rows if row.behind), key=lambda row: (row.package, row.project))
    shown = [row for row in behind if everything or row.named or row.advisories]
    if as_json:
        output.emit_json(json_format.dumps([as_object(row) for row in behind], indent=1))
    else:
        _print(shown, hidden=len(behind) - len(shown))
    parallel.require(outcomes)


def allowed_instead(pin: Pin, found: Iterable[Pin]) -> str:
    """The version of a package in new pins, for the same environments if there are several."""
    same = [each for each in found if each.name == pin.name and each.version]
    best = [each for each in same if each.marker == pin.marker] or same
    return str(best[-1].version) if best else UNKNOWN


def as_object(row: Row) -> dict[str, Any]:
    """A row as an object for JSON; an unknown version is null."""
    fields = {**asdict(row), "major": row.major}
    return {name: None if value == UNKNOWN else value for name, value in fields.items()}


def _versions(project: Project) -> list[Pin]:
    """The pins that an index has other versions of: not those of URLs."""
    return [pin for pin in lockfiles.all_pins(project) if pin.version]


def _print(shown: Sequence[Row], hidden: int) -> None:
    if shown:
        output.table(
            ("package", "project", "locked", "allowed", "newest", ""),
            [(r.package, r.project, r.locked, r.allowed, r.newest, r.note) for r in shown],
        )
        output.info("Update within bounds: `invoke lock --team PROJECT --package PACKAGE`, or")
        output.info("`--upgrade` for all; to go further, raise the bound in pyproject.toml first.")
    else:
        output.info("all direct dependencies are up to date")
    if hidden:
        output.info(f"plus {hidden} transitive (--all)")


def _major(version: str) -> tuple[int, ...]:
    from packaging.version import Version

    release = Version(version).release
    return release[:1] if release[0] else release[:2]

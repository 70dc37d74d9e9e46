"""Locations written down in a line each, loaded for real, and what the contracts find in them.

Loading takes a second a location, so the cases of a module share two or three of them: each
case has a file of its own in every team's package, and words for its keys that no other has.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from devkit import contracts
from devkit.contracts.snapshot import Finding, Snapshot
from devkit.core import parallel
from devkit.definitions import loading
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.workspace import Team

# Every object in the files of the package, as `dagster project` lays one out.
COLLECT = """\
import dagster as dg

import {package}

defs = dg.load_definitions_from_package_module({package})
"""


@dataclass(frozen=True)
class Case:
    """Code of some teams, and what must be found in it: codes, teams and keys.

    No findings: it must not trip anything. `words` are those of its keys.
    """

    teams: Mapping[str, str]
    findings: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()

    @property
    def words(self) -> set[str]:
        """Every word of its code."""
        return set(re.findall(r"\w+", " ".join(self.teams.values())))


def case(*findings: tuple[str, str, str], **teams: str) -> Case:
    """A case; the teams and the keys of a finding are words in a text."""
    parts = tuple((code, tuple(who.split()), tuple(keys.split())) for code, who, keys in findings)
    return Case(teams, tuple(sorted(parts)))


def write(interpreter: Team, folder: Path, name: str, files: Mapping[str, str]) -> Team:
    """A team with a package of these files, by their paths, in another one's environment."""
    package = f"{name}_project"
    home = folder / package
    (home / package).mkdir(parents=True)
    contents = {"__init__.py": "", "definitions.py": COLLECT.format(package=package), **files}
    for file, text in contents.items():
        path = home / package / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return replace(interpreter, location=package, module=f"{package}.definitions", directory=home)


def load(written: Mapping[str, Team]) -> Snapshot:
    """What is known of these teams when each is loaded by its own interpreter."""
    manifests = parallel.gather(loading.load, [*written.values()])
    loaded = tuple(one for one in manifests if isinstance(one, Manifest))
    failed = [one.message for one in manifests if isinstance(one, Failure)]
    assert not failed, failed
    return Snapshot(teams=tuple(written.values()), manifests=loaded)


def locations(teams: Mapping[str, Team], folder: Path, **code: str | Mapping[str, str]) -> Snapshot:
    """Write each team's package and load it: by turns with analytics' Dagster and with ml's.

    A text is `definitions.py`; otherwise it is files by name, whose objects are collected.
    """
    turns = [*teams.values()] * len(code)
    return load(
        {
            name: write(
                turn, folder, name, {"definitions.py": one} if isinstance(one, str) else one
            )
            for turn, (name, one) in zip(turns, code.items(), strict=False)
        }
    )


def universe(teams: Mapping[str, Team], folder: Path, cases: Mapping[str, Case]) -> Snapshot:
    """Every case at once: each team's package has a file for each case that it is part of."""
    files: dict[str, dict[str, str]] = {}
    for name, one in cases.items():
        for team, code in one.teams.items():
            files.setdefault(team, {})[f"{name}.py"] = f"import dagster as dg\n\n{code}\n"
    return locations(teams, folder, **dict(sorted(files.items())))


def told(found: list[Finding], one: Case) -> list[Finding]:
    """The findings that are about the keys of a case."""
    return [
        finding
        for finding in found
        if any(set(key.split("/")) <= one.words for key in finding.keys)
    ]


def summary(snapshot: Snapshot, one: Case) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """What is found in a case, as a case says what must be."""
    return sorted(
        (each.code, each.teams, each.keys) for each in told(contracts.broken(snapshot), one)
    )


def misplaced(snapshot: Snapshot, name: str, one: Case) -> list[Finding]:
    """What is found in a case and does not point at a line of its file that names its keys."""
    return [
        found
        for found in told(contracts.broken(snapshot), one)
        if not found.place
        or found.place.file.stem != name
        or not set(re.findall(r"\w+", line_of(found))) & one.words
    ]


def line_of(found: Finding) -> str:
    """The text of the line that a finding points at; nothing if there is none."""
    if not found.place:
        return ""
    return found.place.file.read_text().splitlines()[found.place.line - 1]


def unclaimed(snapshot: Snapshot, cases: Mapping[str, Case]) -> list[Finding]:
    """What is found in no case, or in two."""
    found = contracts.broken(snapshot)
    claimed = [finding for one in cases.values() for finding in told(found, one)]
    return [finding for finding in found if claimed.count(finding) != found.count(finding)]

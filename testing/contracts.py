"""Small code locations for tests of the contracts, loaded by real interpreters.

Loading a location takes a second, so the cases of a test module share two or three: each case has
its own file in every team's package, and asset keys of words that no other case uses.
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
from devkit.registry.team import Team

# Collects every definition in the files of the package, as in a `dagster project`.
COLLECT = """\
import dagster as dg

import {package}

defs = dg.load_definitions_from_package_module({package})
"""


@dataclass(frozen=True)
class Case:
    """The code of some teams, and the findings in it: codes, teams and keys.

    Without findings, the code must not violate any contract.
    """

    teams: Mapping[str, str]
    findings: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()

    @property
    def words(self) -> set[str]:
        """Every word in its code."""
        return set(re.findall(r"\w+", " ".join(self.teams.values())))


def case(*findings: tuple[str, str, str], **teams: str) -> Case:
    """A case; the teams and the keys of a finding are separated by spaces."""
    parts = tuple((code, tuple(who.split()), tuple(keys.split())) for code, who, keys in findings)
    return Case(teams, tuple(sorted(parts)))


def write(interpreter: Team, folder: Path, name: str, files: Mapping[str, str]) -> Team:
    """A team with a package of these files (text by path), with another team's interpreter."""
    package = f"{name}_project"
    home = folder / package
    (home / package).mkdir(parents=True)
    contents = {"__init__.py": "", "definitions.py": COLLECT.format(package=package), **files}
    for file, text in contents.items():
        path = home / package / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return replace(interpreter, location=package, module=f"{package}.definitions", directory=home)


def load(written: Mapping[str, Team]) -> Snapshot:
    """The snapshot of these teams, each loaded by its own interpreter."""
    results = parallel.gather(loading.load, [*written.values()])
    manifests = tuple(result for result in results if isinstance(result, Manifest))
    failed = [result.message for result in results if isinstance(result, Failure)]
    assert not failed, failed
    return Snapshot(teams=tuple(written.values()), manifests=manifests)


def locations(teams: Mapping[str, Team], folder: Path, **code: str | Mapping[str, str]) -> Snapshot:
    """Write and load each team's package, alternately with analytics' Dagster and with ml's.

    A string is the text of `definitions.py`; a mapping is texts by file name, whose definitions are
    collected.
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
    """All cases at once: each team's package has a file for each case that it is part of."""
    files: dict[str, dict[str, str]] = {}
    for name, one in cases.items():
        for team, code in one.teams.items():
            files.setdefault(team, {})[f"{name}.py"] = f"import dagster as dg\n\n{code}\n"
    return locations(teams, folder, **dict(sorted(files.items())))


def findings_of(findings: list[Finding], one: Case) -> list[Finding]:
    """The findings about the keys of a case."""
    return [
        finding
        for finding in findings
        if any(set(key.split("/")) <= one.words for key in finding.keys)
    ]


def summary(snapshot: Snapshot, one: Case) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """The findings about a case, in the form of `Case.findings`."""
    findings = findings_of(contracts.broken(snapshot), one)
    return sorted((finding.code, finding.teams, finding.keys) for finding in findings)


def misplaced(snapshot: Snapshot, name: str, one: Case) -> list[Finding]:
    """The findings about a case that do not point at a line of its file with one of its keys."""
    return [
        finding
        for finding in findings_of(contracts.broken(snapshot), one)
        if not finding.source
        or finding.source.file.stem != name
        or not set(re.findall(r"\w+", line_of(finding))) & one.words
    ]


def line_of(finding: Finding) -> str:
    """The text of the line that a finding points at; empty if there is none."""
    if not finding.source:
        return ""
    lines = finding.source.file.read_text(encoding="utf-8").splitlines()
    return lines[finding.source.line - 1]


def unclaimed(snapshot: Snapshot, cases: Mapping[str, Case]) -> list[Finding]:
    """The findings that are about no case, or about two."""
    findings = contracts.broken(snapshot)
    claimed = [finding for one in cases.values() for finding in findings_of(findings, one)]
    return [finding for finding in findings if claimed.count(finding) != findings.count(finding)]

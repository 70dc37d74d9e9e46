"""What a check has found: as text, as JSON and as GitHub's annotations."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devkit.contracts.snapshot import Finding
from devkit.core.paths import ROOT
from devkit.core.tracebacks import SourceLocation
from devkit.core.wording import counted
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest

VERSION = 2


@dataclass(frozen=True)
class Result:
    """What was found: of each team in the registry, by name, and between all of them.

    `chosen` are the teams whose loading was asked for; the failure of another one is reported, but
    does not fail the check. `loaded` are those that were not cached.
    """

    chosen: tuple[str, ...]
    found: dict[str, Manifest | Failure]
    loaded: frozenset[str]
    findings: list[Finding]

    @property
    def failures(self) -> list[Failure]:
        """The chosen teams that don't load."""
        return [one for name in self.chosen if isinstance(one := self.found[name], Failure)]

    @property
    def other_failures(self) -> list[str]:
        """The names of the other teams that don't load: what they produce is unknown."""
        return [
            name
            for name, one in self.found.items()
            if name not in self.chosen and isinstance(one, Failure)
        ]

    @property
    def cached(self) -> list[str]:
        """The names of the teams whose manifest was cached."""
        return [
            name
            for name, one in self.found.items()
            if name not in self.loaded and isinstance(one, Manifest)
        ]


def contents(manifest: Manifest) -> str:
    """What a location defines, in a line."""
    found = {
        "asset": manifest.produces,
        "external asset": manifest.external_assets,
        "check": manifest.checks,
        "job": manifest.jobs,
        "schedule": manifest.schedules,
        "sensor": manifest.sensors,
    }
    text = ", ".join(counted(len(each), kind) for kind, each in found.items() if each)
    return f"{text or 'nothing'} (Dagster {manifest.dagster})"


def failure(found: Failure, *, tracebacks: bool = False) -> str:
    """Why a team does not load, at the line of its own code."""
    where = found.place.relative_to(ROOT) if found.place else f"{found.team.module} (module)"
    parts = [f"{where}: {found.message}", found.stderr, found.traceback if tracebacks else ""]
    return "\n\n".join(filter(None, parts))


def finding(found: Finding) -> str:
    """What is violated, where, and how to fix it."""
    where = f"{found.place.relative_to(ROOT)}: " if found.place else ""
    return f"{where}{found.message}\n  fix:      {found.fix}"


def as_json(result: Result) -> str:
    """One object: `docs/manifest.md` describes it."""
    document = {
        "version": VERSION,
        "ok": not result.failures and not result.findings,
        "teams": [_team(result, name) for name in result.found],
        "findings": [
            {
                "code": one.code,
                "message": one.message,
                "fix": one.fix,
                "teams": list(one.teams),
                "keys": list(one.keys),
                **_place(one.place),
            }
            for one in result.findings
        ],
    }
    return json.dumps(document, indent=1)


def annotations(result: Result) -> str:
    """GitHub's workflow commands: errors on the lines of a pull request.

    The format is that of "Workflow commands for GitHub Actions", with its escapes.
    """
    lines = [
        _annotation("does not load", f"{one.team.name}: {one.message}", one.place)
        for one in result.failures
    ]
    lines += [
        _annotation(one.code, f"{one.message}\nfix: {one.fix}", one.place)
        for one in result.findings
    ]
    return "\n".join(lines)


def _team(result: Result, name: str) -> dict[str, Any]:
    found = result.found[name]
    entry: dict[str, Any] = {
        "team": name,
        "location": found.team.location,
        "asked": name in result.chosen,
        "loaded": name in result.loaded,
    }
    if isinstance(found, Manifest):
        return {**entry, "manifest": found.raw, "error": None}
    error = {"message": found.message, "stderr": found.stderr, **_place(found.place)}
    return {**entry, "manifest": None, "error": error}


def _place(place: SourceLocation | None) -> dict[str, Any]:
    """The file, relative to the repository, and the line."""
    if place is None:
        return {"file": None, "line": None}
    inside = place.file.is_relative_to(ROOT)
    file = place.file.relative_to(ROOT) if inside else place.file
    return {"file": file.as_posix(), "line": place.line}


def _annotation(title: str, message: str, place: SourceLocation | None) -> str:
    where = {name: value for name, value in _place(place).items() if value is not None}
    properties = ",".join(_properties({**where, "title": title}))
    return f"::error {properties}::{_escaped(message)}"


def _properties(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

"""The result of a check as text, JSON and GitHub annotations."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devkit.contracts.snapshot import Finding
from devkit.core.masking import mask
from devkit.core.paths import ROOT
from devkit.core.tracebacks import SourceLocation
from devkit.core.wording import counted
from devkit.definitions.hints import hint
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest

VERSION = 2


@dataclass(frozen=True)
class Result:
    """The result of a check: `found` for each team of the registry, by name, and the `findings`.

    `chosen` are the teams that have to load: the failure of another team is reported, but does not
    fail the check. `loaded` are the teams that were not cached.
    """

    chosen: tuple[str, ...]
    found: dict[str, Manifest | Failure]
    loaded: frozenset[str]
    findings: list[Finding]

    @property
    def failures(self) -> list[Failure]:
        """Why chosen teams don't load."""
        results = [self.found[name] for name in self.chosen]
        return [result for result in results if isinstance(result, Failure)]

    @property
    def other_failures(self) -> list[str]:
        """The names of the other teams that don't load."""
        return [
            name
            for name, result in self.found.items()
            if name not in self.chosen and isinstance(result, Failure)
        ]

    @property
    def cached(self) -> list[str]:
        """The names of the teams whose manifests were cached."""
        return [
            name
            for name, result in self.found.items()
            if name not in self.loaded and isinstance(result, Manifest)
        ]


def contents(manifest: Manifest) -> str:
    """A one-line summary of what a location defines."""
    kinds = {
        "asset": manifest.produces,
        "external asset": manifest.external_assets,
        "check": manifest.checks,
        "job": manifest.jobs,
        "schedule": manifest.schedules,
        "sensor": manifest.sensors,
    }
    text = ", ".join(counted(len(items), kind) for kind, items in kinds.items() if items)
    return f"{text or 'nothing'} (Dagster {manifest.dagster})"


def failure(found: Failure, *, tracebacks: bool = False) -> str:
    """Why a team does not load, with the line of its own code."""
    where = found.source.relative_to(ROOT) if found.source else f"{found.team.module} (module)"
    parts = [f"{where}: {found.message}", found.stderr, found.traceback if tracebacks else ""]
    parts.append(hint(found) or "")
    return "\n\n".join(filter(None, parts))


def finding(found: Finding) -> str:
    """A contract violation, with its line and the fix."""
    where = f"{found.source.relative_to(ROOT)}: " if found.source else ""
    return f"{where}{found.message}\n  fix:      {found.fix}"


def as_json(result: Result) -> str:
    """One JSON object, in the format that `docs/manifest.md` describes."""
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
                **_position(one.source),
            }
            for one in result.findings
        ],
    }
    return json.dumps(document, indent=1)


def annotations(result: Result) -> str:
    """GitHub Actions workflow commands that show errors on the lines of a pull request.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    lines = [
        _annotation("does not load", f"{one.team.name}: {one.message}", one.source)
        for one in result.failures
    ]
    lines += [
        _annotation(one.code, f"{one.message}\nfix: {one.fix}", one.source)
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
    error = {"message": found.message, "stderr": found.stderr, **_position(found.source)}
    return {**entry, "manifest": None, "error": error}


def _position(source: SourceLocation | None) -> dict[str, Any]:
    """The file, relative to the repository, and the line."""
    if source is None:
        return {"file": None, "line": None}
    inside = source.file.is_relative_to(ROOT)
    file = source.file.relative_to(ROOT) if inside else source.file
    return {"file": file.as_posix(), "line": source.line}


def _annotation(title: str, message: str, source: SourceLocation | None) -> str:
    where = {name: value for name, value in _position(source).items() if value is not None}
    properties = ",".join(_properties({**where, "title": title}))
    return f"::error {properties}::{_escaped(message)}"


def _properties(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}"


def _escaped(text: str) -> str:
    return mask(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

"""What `invoke check` has found, as text, as JSON and as GitHub's annotations."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from devkit.bootstrap import ROOT
from devkit.contracts.survey import Finding
from devkit.manifest import Manifest
from devkit.probe import Failure
from devkit.tracebacks import Place

if TYPE_CHECKING:
    from devkit.check import Result

VERSION = 1


def contents(manifest: Manifest) -> str:
    """What a location defines, in a line."""
    found = {
        "asset": manifest.makes,
        "external asset": manifest.stubs,
        "check": manifest.checks,
        "job": manifest.jobs,
        "schedule": manifest.schedules,
        "sensor": manifest.sensors,
    }
    text = ", ".join(counted(len(each), kind) for kind, each in found.items() if each)
    return f"{text or 'nothing'} (Dagster {manifest.dagster})"


def counted(number: int, thing: str) -> str:
    """So many things, in words."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def failure(found: Failure, *, tracebacks: bool = False) -> str:
    """Why a team does not load, at the line of its own code."""
    where = found.place.relative_to(ROOT) if found.place else f"{found.team.module} (module)"
    parts = [f"{where}: {found.message}", found.said, found.traceback if tracebacks else ""]
    return "\n\n".join(filter(None, parts))


def finding(found: Finding) -> str:
    """What does not hold, where to begin, and how to mend it."""
    where = f"{found.place.relative_to(ROOT)}: " if found.place else ""
    return f"{where}{found.message}\n  to mend:  {found.mend}"


def as_json(result: "Result") -> str:
    """One object: `docs/manifest.md` describes it."""
    document = {
        "version": VERSION,
        "ok": not result.failures and not result.findings,
        "teams": [_team(result, name) for name in result.found],
        "findings": [
            {
                "code": one.code,
                "message": one.message,
                "mend": one.mend,
                "teams": list(one.teams),
                "keys": list(one.keys),
                **_place(one.place),
            }
            for one in result.findings
        ],
    }
    return json.dumps(document, indent=1)


def annotations(result: "Result") -> str:
    """GitHub's workflow commands: errors on the lines of a pull request.

    The format is that of "Workflow commands for GitHub Actions", with its escapes.
    """
    lines = [
        _annotation("does not load", f"{one.team.name}: {one.message}", one.place)
        for one in result.failures
    ]
    lines += [
        _annotation(one.code, f"{one.message}\nto mend: {one.mend}", one.place)
        for one in result.findings
    ]
    return "\n".join(lines)


def _team(result: "Result", name: str) -> dict[str, Any]:
    found = result.found[name]
    told: dict[str, Any] = {
        "team": name,
        "location": found.team.location,
        "asked": name in result.chosen,
        "loaded": name in result.loaded,
    }
    if isinstance(found, Manifest):
        return {**told, "manifest": found.raw, "error": None}
    error = {"message": found.message, "said": found.said, **_place(found.place)}
    return {**told, "manifest": None, "error": error}


def _place(place: Place | None) -> dict[str, Any]:
    """The file, relative to the repository, and the line."""
    if place is None:
        return {"file": None, "line": None}
    inside = place.file.is_relative_to(ROOT)
    file = place.file.relative_to(ROOT) if inside else place.file
    return {"file": file.as_posix(), "line": place.line}


def _annotation(title: str, message: str, place: Place | None) -> str:
    where = {name: value for name, value in _place(place).items() if value is not None}
    properties = ",".join(_properties({**where, "title": title}))
    return f"::error {properties}::{_escaped(message)}"


def _properties(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

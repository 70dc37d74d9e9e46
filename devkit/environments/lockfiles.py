"""Lock files: hash-pinned requirements files, what each was resolved from, whether it is stale.

`local_requirements.txt` is a project's whole local environment, the shared package in it
visible; `requirements.txt` is what is deployed of it, with the same pins, and with what only a
deployment needs: the dependency group `deploy` of utils for every team, and of the orchestrator
for itself. Each begins with a digest of what it was resolved from, so that a stale lock is
noticed without a network. The format is pip's requirements file format, which uv writes and both
read: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit.core import pyproject
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, SHARED
from devkit.environments.project import Project

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
ENTRY = re.compile(PIN.pattern + r"(?:[ \t]*;[ \t]*(?P<marker>[^\\\n]*[^\\\s]))?", re.MULTILINE)
DIGEST = re.compile(r"^# inputs: sha256:(?P<digest>[0-9a-f]{64})$", re.MULTILINE)

# For every lock: one version of a package for all supported Pythons, so that the interpreter
# does not decide what a developer has; extras kept, without which pip in its hash mode refuses
# what depends on them; no address of an index and no path of a machine.
OPTIONS = (
    "--universal", "--fork-strategy", "fewest", "--generate-hashes", "--no-strip-extras",
    "--no-header", "--no-annotate", "--quiet",
)  # fmt: skip


@dataclass(frozen=True)
class Pin:
    """One line of a lock; `marker`: for which Pythons and platforms (PEP 508), if not for all."""

    name: str
    version: str
    marker: str | None

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")


def stale(project: Project) -> str | None:
    """Why the project's locks have to be resolved again; None if they are fresh.

    Asks no package index.

    Raises:
        DevkitError: if a pyproject.toml can't be read.
    """
    digest = inputs_digest(project)
    for lock in project.locks:
        name = lock.relative_to(ROOT)
        if not lock.exists():
            return f"{name} not found"
        if digest not in DIGEST.findall(lock.read_text(encoding="utf-8")):
            return f"{name} is out of date: a pyproject.toml changed"
    if names := _disagreeing_pins(project):
        locks = " and ".join(str(lock.relative_to(ROOT)) for lock in project.locks)
        return f"{locks} disagree on {', '.join(names)}: one was edited by hand"
    return None


def stale_projects(projects: Iterable[Project]) -> dict[str, str]:
    """The names of the projects whose locks are stale, and why."""
    return {project.name: reason for project in projects if (reason := stale(project))}


def require_fresh(projects: Sequence[Project]) -> None:
    """Require that no lock is stale; asks no package index.

    Raises:
        DevkitError: naming each project whose locks have to be resolved again.
    """
    if reasons := stale_projects(projects):
        raise DevkitError(
            "\n".join(reasons.values()), fix=f"invoke lock --team {','.join(reasons)}"
        )


def parse(text: str) -> list[Pin]:
    """The pins in the text of a lock."""
    return [Pin(one["name"], one["version"], one["marker"]) for one in ENTRY.finditer(text)]


def pinned(text: str) -> dict[str, str]:
    """The packages and versions in the text of a lock."""
    return dict(PIN.findall(text))


def pins(project: Project) -> dict[str, str]:
    """The packages and versions in the project's locks."""
    return pinned(text_of(project))


def requirements(project: Project) -> list[str]:
    """All that the project's locks pin, as requirements (PEP 508), each once."""
    return sorted({str(pin) for pin in parse(text_of(project))})


def text_of(project: Project) -> str:
    """The text of the project's locks, the deployed one first; a missing one has none."""
    return "".join(
        lock.read_text(encoding="utf-8") for lock in reversed(project.locks) if lock.exists()
    )


def direct_dependencies(project: Project) -> set[str]:
    """The packages named in the project's pyproject.toml, or in that of what it has editable."""
    folders = dict.fromkeys([project.directory, *project.editable])
    return set().union(*(pyproject.read(folder).direct_dependencies for folder in folders))


def inputs_digest(project: Project) -> str:
    """SHA-256 of what decides the project's locks: requirements, those of utils, uv's options."""
    parts: list[object] = [options(project), _requirements(project.pyproject)]
    if project.editable:
        parts.append(_requirements(pyproject.read(SHARED)))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def options(project: Project) -> tuple[str, ...]:
    """The options of `uv pip compile` for this project."""
    return ("--python-version", project.pyproject.oldest_python, *OPTIONS)


def _disagreeing_pins(project: Project) -> list[str]:
    """The packages that the two locks of a project pin differently: they are resolved together."""
    if project.deployed is None:
        return []
    here, there = (pinned(lock.read_text(encoding="utf-8")) for lock in project.locks)
    return sorted(name for name in here.keys() & there.keys() if here[name] != there[name])


def _requirements(found: pyproject.Pyproject) -> dict[str, Any]:
    fields = ("name", "version", "requires-python", "dependencies", "optional-dependencies")
    decisive = {field: found.project.get(field) for field in fields}
    decisive["groups"] = found.groups
    decisive["uv"] = found.tool("uv").get("sources")
    return decisive


def relative(path: Path) -> str:
    """A path below the root as uv, which runs there, is given it."""
    return str(path.relative_to(ROOT))

"""Lock files: reads the pins in them, and notices when one is stale.

A project has two, hash-pinned and with the same pins. `local_requirements.txt` is its whole local
environment and lists the shared package; `requirements.txt` is its deployment, with packages that
only a deployment needs (the dependency group `deploy` of utils for a team, its own for the
orchestrator). Each begins with a digest of what it was resolved from, so a stale lock is noticed
without a network. The format is pip's requirements file format, which uv writes and reads:
https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from devkit.core import files, pyproject
from devkit.core.errors import FIXABLE, DevkitError, fixable
from devkit.core.paths import ROOT
from devkit.environments import dynamic, uv_settings, workspaces
from devkit.environments.project import Project

T = TypeVar("T")

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
ENTRY = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?"
    r"(?:==(?P<version>[^\s;\\]+)|[ ]@[ ](?P<url>(?!file:)\S+))"
    r"(?:[ \t]*;[ \t]*(?P<marker>[^\\\n]*[^\\\s]))?",
    re.MULTILINE,
)
EDITABLE = re.compile(r"^-e \./(?P<folder>.*\S)", re.MULTILINE)
DIGEST = re.compile(r"^# inputs: sha256:(?P<digest>[0-9a-f]{64})$", re.MULTILINE)

# Every lock has one version of a package for all supported Pythons, so that all developers have
# the same; extras, without which pip's hash mode rejects packages that depend on them; no address
# of a package index, and no path of a machine.
OPTIONS = (
    "--universal", "--fork-strategy", "fewest", "--generate-hashes", "--no-strip-extras",
    "--no-header", "--no-annotate", "--quiet",
)  # fmt: skip


@dataclass(frozen=True)
class Pin:
    """A pinned package: by a version, or by the URL of a file or a Git commit.

    `marker` limits it to some Pythons or platforms (PEP 508), so a lock may have several pins of
    one package.
    """

    name: str
    version: str | None
    marker: str | None
    url: str | None = None

    @property
    def what(self) -> str:
        """The version or the URL."""
        return self.version or self.url or ""

    def __str__(self) -> str:
        pin = f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"
        return pin + (f" ; {self.marker}" if self.marker else "")

    def excludes(self, other: "Pin") -> bool:
        """Whether no environment can have both."""
        apart = self.marker and other.marker and self.marker != other.marker
        return self.name == other.name and self.what != other.what and not apart


def stale(project: Project) -> str | None:
    """Why the project's locks have to be resolved again; None if they are fresh.

    Works offline.

    Raises:
        DevkitError: if a pyproject.toml can't be read.
    """
    digest = inputs_digest(project)
    for lock in project.locks:
        name = lock.relative_to(ROOT)
        if not lock.exists():
            return f"{name} not found"
        if digest not in DIGEST.findall(files.read_text(lock)):
            file = "a file" if dynamic.is_dynamic(project.pyproject) else "a pyproject.toml"
            return f"{name} is out of date: {file} changed"
    if names := _disagreeing_pins(project):
        locks = " and ".join(str(lock.relative_to(ROOT)) for lock in project.locks)
        return f"{locks} disagree on {', '.join(names)}: one was edited by hand"
    return None


def stale_projects(projects: Iterable[Project]) -> dict[str, str]:
    """Why the locks of some projects are stale or can't be read, by the project's name."""

    def reason(project: Project) -> str | None:
        try:
            return stale(project)
        except FIXABLE as error:
            found = fixable(error)
            return f"{found.what}; {found.fix or 'correct it'} first"

    return {project.name: why for project in projects if (why := reason(project))}


def require_fresh(projects: Sequence[Project]) -> None:
    """Require that no lock is stale. Works offline.

    Raises:
        DevkitError: naming each project whose locks have to be resolved again.
    """
    if reasons := stale_projects(projects):
        raise DevkitError(
            "\n".join(reasons.values()), fix=f"invoke lock --team {','.join(reasons)}"
        )


def parse(text: str) -> list[Pin]:
    """The pins in the text of a lock."""
    return [Pin(m["name"], m["version"], m["marker"], m["url"]) for m in ENTRY.finditer(text)]


def unhashed(text: str) -> list[Pin]:
    """The pins in the text of a lock that have no hash: those of Git commits."""
    blocks = re.split(r"\n(?=\S)", text)
    return [pin for block in blocks if "--hash=" not in block for pin in parse(block)]


def pinned(text: str) -> dict[str, str]:
    """What the text of a lock pins each package to: a version, a URL, or several with commas."""
    found: dict[str, dict[str, None]] = {}
    for pin in parse(text):
        found.setdefault(pin.name, {})[pin.what] = None
    return {name: ", ".join(several) for name, several in found.items()}


def pins(project: Project) -> dict[str, str]:
    """What the project's locks pin each package to, as `pinned`."""
    return pinned(text_of(project))


def all_pins(project: Project) -> list[Pin]:
    """The pins in the project's locks, without duplicates."""
    return list(dict.fromkeys(parse(text_of(project))))


def readable(projects: Iterable[Project], read: Callable[[Project], T]) -> dict[str, T]:
    """What `read` finds in the locks of each project whose locks can be read."""
    found: dict[str, T] = {}
    for project in projects:
        with suppress(*FIXABLE):
            found[project.name] = read(project)
    return found


def text_of(project: Project) -> str:
    """The texts of the project's locks, the deployed one first; a missing one is empty."""
    return "".join(files.read_text(lock) for lock in reversed(project.locks) if lock.exists())


def direct_dependencies(project: Project) -> set[str]:
    """The packages in the pyproject.toml of the project, or of a library.

    Raises:
        DevkitError: if a pyproject.toml can't be read.
    """
    folders = (project.directory, *project.libraries)
    return set().union(*(pyproject.read(folder).direct_dependencies for folder in folders))


def inputs_digest(project: Project) -> str:
    """SHA-256 of what the locks are resolved from: requirements, the libraries', uv's options.

    Raises:
        DevkitError: if a pyproject.toml can't be read, or names a library that can't be used.
    """
    for fault in project.local_sources.faults:
        raise fault
    parts: list[object] = [options(project), _requirements(project.pyproject)]
    parts += [_requirements(pyproject.read(folder)) for folder in project.libraries]
    parts += filter(None, [uv_settings.recorded(project.pyproject), project.tested_with])
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def options(project: Project) -> tuple[str, ...]:
    """The options of `uv pip compile` for this project."""
    return ("--python-version", project.pyproject.oldest_python, *OPTIONS)


def relative(path: Path) -> str:
    """A path relative to the root, where uv runs."""
    return str(path.relative_to(ROOT))


def disagreeing(one: str, other: str) -> list[str]:
    """The packages that two locks, which are resolved together, pin differently.

    One of them may lack a pin, for instance for a platform; but if each has one that the other
    lacks, for the same environments, they were not resolved together.
    """
    ours, theirs = parse(one), parse(other)
    known = {(pin.name, pin.what) for pin in ours} & {(pin.name, pin.what) for pin in theirs}
    here, there = (
        [pin for pin in pins if (pin.name, pin.what) not in known] for pins in (ours, theirs)
    )
    return sorted({pin.name for pin in here for peer in there if pin.excludes(peer)})


def _disagreeing_pins(project: Project) -> list[str]:
    if project.deployed is None:
        return []
    return disagreeing(*map(files.read_text, project.locks))


def _requirements(found: pyproject.Pyproject) -> dict[str, Any]:
    fields = ("name", "version", "requires-python", "dependencies", "optional-dependencies")
    inputs = {field: found.project.get(field) for field in fields}
    inputs["groups"] = found.groups
    inputs["uv"] = found.tool("uv").get("sources")
    if inherited := workspaces.sources(found.file.parent):
        inputs["workspace"] = inherited
    return inputs | dynamic.digests(found)

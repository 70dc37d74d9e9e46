"""The record of an adoption, `devkit/adopted.toml`: what the kit wrote, and what was there before.

A repository that was made by cloning the kit's own has none.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from devkit.core import toml
from devkit.core.files import replace_text
from devkit.core.paths import ADOPTED, ROOT

NAME = ADOPTED.relative_to(ROOT).as_posix()
HEADER = "# What DagTeam wrote here: `unadopt` and `kit --update` read it. Not to be edited.\n"
# What a repository sets itself: its instance, and the locks that follow from it.
SETTINGS = ("devkit/orchestrator/", "devkit/local_requirements.txt")


@dataclass(frozen=True)
class Record:
    """What was written, by path relative to the root; digests are SHA-256 of files as written.

    `files` are the kit's own, `written` those of projects, `blocks` the digests of marked blocks,
    `appended` the texts that were added to the end of files, `replaced` those of files that
    `derive` was told to take over, `generated` what later commands write anew. `before` is the
    commit before; `registry` and `original` are the file of the registry and its text then (None:
    there was none). `derives` are the groups of generated files that the repository wants, `hooks`
    is whose configuration of pre-commit it has: "ours", "theirs" or "none". `answers` are those to
    the questions of the adoption. `runs_in` are the folders where locations ran, other than the
    root.
    """

    version: str
    commit: str = ""
    before: str = ""
    registry: str = "workspace.yaml"
    original: str | None = None
    hooks: str = "none"
    derives: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    runs_in: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    appended: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, str] = field(default_factory=dict)
    generated: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of its file."""
        import tomli_w

        values = {name: value for name, value in asdict(self).items() if value is not None}
        return HEADER + tomli_w.dumps(values)

    def edited(self, root: Path = ROOT) -> list[str]:
        """The kit's files that were changed or removed here, but those that hold settings."""
        return [
            name
            for name, digest in self.files.items()
            if not name.startswith(SETTINGS) and digest_of(root / name) != digest
        ]


def read(root: Path = ROOT) -> Record | None:
    """The record of the repository at `root`; None if it has none.

    Raises:
        DevkitError: if the file is not valid TOML.
    """
    file = root / NAME
    if not file.is_file():
        return None
    state = file.stat()
    return _read(file, state.st_mtime_ns, state.st_size)


@cache
def _read(file: Path, _modified: int, _size: int) -> Record:
    """Read a record; the last parameters tell its versions apart, since every team asks for it."""
    return parse(toml.read(file))


def parse(document: Mapping[str, Any]) -> Record:
    """A record from its document; a key that this kit does not know is left out."""
    known = {one.name for one in fields(Record)}
    values = {name: value for name, value in document.items() if name in known}
    for name in ("derives", "generated"):
        values[name] = tuple(values.get(name, ()))
    return Record(**values)


def write(record: Record, root: Path = ROOT) -> None:
    """Replace the record of the repository at `root`.

    Raises:
        OSError: if it can't be written.
    """
    replace_text(root / NAME, record.text)
    wants.cache_clear()


@cache
def wants(group: str) -> bool:
    """Whether this repository wants a group of generated files: all, if it was not adopted."""
    found = read()
    return found is None or group in found.derives


def digest(content: bytes) -> str:
    """The digest of a file's content."""
    return hashlib.sha256(content).hexdigest()


def digest_of(file: Path) -> str:
    """The digest of a file; empty if there is none."""
    return digest(file.read_bytes()) if file.is_file() else ""

"""Merges two kits' files, and what was changed here: three ways, each file on its own."""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devkit.core import git

# The repository locks these itself; the tools' lock belongs to the tools' project.
OWN_LOCKS = "devkit/orchestrator/"
LOCKS = ("requirements.txt",)
ERROR = 128  # from here on, the exit code of `git merge-file` is no number of conflicts
LABELS = ("-L", "changed here", "-L", "the kit before", "-L", "the new kit")


@dataclass(frozen=True)
class Conflict:
    """A file that was changed here and in the kit: the three contents, and their merge."""

    base: bytes
    ours: bytes
    theirs: bytes
    merged: bytes


@dataclass
class Merge:
    """What becomes of each file: its new content, None if it goes, or a conflict.

    `kept` says of others why they are not as in the new kit.
    """

    changes: dict[str, bytes | None] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)


def merged(
    root: Path,
    names: Iterable[str],
    before: Callable[[str], bytes | None],
    unchanged: Callable[[str, bytes | None], bool],
    theirs: Mapping[str, bytes],
) -> Merge:
    """Merge the files of these names at `root` with those of a new kit.

    `before` is the content of a file in the kit before, None if it had none; `unchanged` says
    whether a content is that one.
    """
    result = Merge()
    for name in names:
        ours, new = _content(root / name), theirs.get(name)
        if ours == new or unchanged(name, new):
            continue
        if unchanged(name, ours):
            result.changes[name] = new
        elif _is_lock(name):
            if not name.startswith(OWN_LOCKS) and new is not None:
                result.changes[name] = new
        elif ours is None:
            result.kept.append(f"{name}: it was removed here, and stays so")
        elif new is None:
            result.kept.append(f"{name}: the new kit does not have it; it was changed here")
        else:
            _merge(result, name, Conflict(before(name) or b"", ours, new, b""))
    return result


def _merge(result: Merge, name: str, three: Conflict) -> None:
    code, content = _three_ways(three)
    if code == 0:
        result.changes[name] = content
    elif code < ERROR:
        result.conflicts[name] = Conflict(three.base, three.ours, three.theirs, content)
    else:  # not a text
        result.conflicts[name] = Conflict(three.base, three.ours, three.theirs, three.ours)


def _three_ways(three: Conflict) -> tuple[int, bytes]:
    """The exit code of `git merge-file`, which is the number of conflicts, and its result."""
    with tempfile.TemporaryDirectory(prefix="dagteam-merge-") as scratch:
        files = [Path(scratch, name) for name in ("ours", "base", "theirs")]
        for file, content in zip(files, (three.ours, three.base, three.theirs), strict=True):
            file.write_bytes(content)
        done = git.ask("merge-file", "-p", *LABELS, *map(str, files), root=Path(scratch))
        return done.code, os.fsencode(done.stdout)


def _is_lock(name: str) -> bool:
    return name.endswith(LOCKS)


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None

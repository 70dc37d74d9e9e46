"""The files of the repository that is adopted: what Git would track there, and their texts.

Everything is read once, as text; nothing of the repository is imported or run.
"""

import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from devkit.adoption.model import below
from devkit.core import git, toml
from devkit.core.errors import DevkitError

# Folders that tools make, and that a repository without Git has as well.
SKIPPED = {"__pycache__", "node_modules", "site-packages", "dist", "build", "venv"}
LARGEST = 1024 * 1024  # bytes; a larger file is no source that somebody wrote


class Tree:
    """The files below a root: paths are texts relative to it, separated by `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._texts: dict[str, str | None] = {}
        self._documents: dict[str, dict[str, Any]] = {}

    @cached_property
    def git_prefix(self) -> str | None:
        """The root's folder below Git's top, ending in `/`; None without Git."""
        asked = git.ask("rev-parse", "--show-prefix", root=self.root)
        return None if asked.code else asked.stdout.strip()

    @cached_property
    def files(self) -> tuple[str, ...]:
        """All files, sorted; environments and what Git ignores are left out."""
        if self.git_prefix is None:
            found = list(_walk(self.root))
        else:
            listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
            found = git.ask(*listing, root=self.root).stdout.split("\0")
        environments = {file[: -len("pyvenv.cfg")] for file in found if file.endswith("pyvenv.cfg")}
        return tuple(
            sorted({
                file for file in found
                if file and not any(file.startswith(folder) for folder in environments)
            })
        )  # fmt: skip

    @cached_property
    def _file_set(self) -> frozenset[str]:
        return frozenset(self.files)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that a file is in, `.` included."""
        found = {"."}
        for file in self.files:
            parent = parent_of(file)
            while parent not in found:
                found.add(parent)
                parent = parent_of(parent)
        return frozenset(found)

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """The files in each folder itself."""
        found: dict[str, list[str]] = {}
        for file in self.files:
            found.setdefault(parent_of(file), []).append(file)
        return found

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        """All Python files."""
        return tuple(file for file in self.files if file.endswith(".py"))

    def has(self, file: str) -> bool:
        """Whether there is such a file."""
        return file in self._file_set

    def under(self, folder: str) -> Iterator[str]:
        """The files below a folder."""
        if folder == ".":
            return iter(self.files)
        first = bisect_left(self.files, f"{folder}/")
        last = bisect_left(self.files, f"{folder}0")  # what comes after the slash
        return iter(self.files[first:last])

    def named(self, pattern: str) -> list[str]:
        """The files whose name matches a regular expression, those nearest to the root first."""
        match = re.compile(pattern).fullmatch
        found = [file for file in self.files if match(file.rpartition("/")[2])]
        return sorted(found, key=lambda file: (file.count("/"), file))

    def text(self, file: str) -> str:
        """A file's text; empty if it can't be read, is no text or is larger than a megabyte."""
        if file not in self._texts:
            self._texts[file] = _read(self.root / file)
        return self._texts[file] or ""

    def toml(self, file: str) -> dict[str, Any]:
        """The document in a TOML file; empty if there is none or it is invalid."""
        if file not in self._documents:
            try:
                self._documents[file] = toml.parse(self.text(file), self.root / file)
            except DevkitError:
                self._documents[file] = {}
        return self._documents[file]

    def line(self, file: str, pattern: str, start: int = 1) -> int:
        """The first line from `start` on that a regular expression is found in; 0 if there is none.

        Lines are counted from 1.
        """
        search = re.compile(pattern).search
        for number, line in enumerate(self.text(file).splitlines(), start=1):
            if number >= start and search(line):
                return number
        return 0

    def place(self, file: str, pattern: str) -> str:
        """`file:line` of a regular expression; only the file if it is not found."""
        line = self.line(file, pattern)
        return f"{file}:{line}" if line else file


def parent_of(path: str) -> str:
    """The folder that a file or folder is in; `.` for one at the root."""
    return path.rpartition("/")[0] or "."


def joined(folder: str, path: str) -> str | None:
    """A path as written in a folder, relative to the root; None if it leads out of the root."""
    if PurePosixPath(path).is_absolute() or path.startswith("~"):
        return None
    found = os.path.normpath(below(folder, path.replace("\\", "/")))
    return None if found.startswith("..") else found


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder, or below it."""
    return folder in (".", path) or path.startswith(f"{folder}/")


def _walk(root: Path) -> Iterator[str]:
    for directory, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED and name[0] != "."]
        place = Path(directory).relative_to(root)
        yield from ((place / name).as_posix() for name in files)


def _read(path: Path) -> str | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None

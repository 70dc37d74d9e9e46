"""Finds the lines of a team's own code in the text of a traceback."""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
QUOTED = re.compile(r"'(\w+)'")


@dataclass(frozen=True)
class SourceLocation:
    """A line of a file; `file` is absolute, lines count from 1."""

    file: Path
    line: int

    def relative_to(self, folder: Path) -> str:
        """`file:line`, which editors and terminals turn into a link."""
        inside = self.file.is_relative_to(folder)
        return f"{self.file.relative_to(folder) if inside else self.file}:{self.line}"


def frames_in(traceback: str, *folders: Path) -> list[SourceLocation]:
    """The lines of a team's own code in a traceback, outermost first.

    Own code is in these folders, but not in an environment there, or one of these files.
    """
    frames = (SourceLocation(Path(m["file"]), int(m["line"])) for m in FRAME.finditer(traceback))
    return [frame for frame in frames if any(_is_own(frame.file, one) for one in folders)]


def last_error(traceback: str) -> str:
    """The error at the end of a program's traceback, without the frames above it."""
    lines = traceback.rstrip().splitlines()
    starts = [n for n, line in enumerate(lines) if line and not line[0].isspace()]
    return "\n".join(lines[starts[-1] :]) if starts else traceback


def definitions_named_in(message: str, *folders: Path) -> list[SourceLocation]:
    """The definitions in a team's own code whose names an error message quotes."""
    names = set(QUOTED.findall(message))
    return [
        SourceLocation(file, node.lineno)
        for file in sorted({file for folder in folders for file in _code(folder)})
        for node in ast.walk(_parsed(file))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names
    ]


def _code(folder: Path) -> Iterator[Path]:
    """The Python files in a folder, except in hidden ones such as environments; or the file."""
    if folder.is_file():
        yield folder
    for directory, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(directory, name) for name in files if name.endswith(".py"))


def _is_own(file: Path, folder: Path) -> bool:
    inside = file.relative_to(folder).parts if file.is_relative_to(folder) else (".venv",)
    return not any(part.startswith(".venv") for part in inside)


def _parsed(file: Path) -> ast.AST:
    try:
        return ast.parse(file.read_bytes())
    except SyntaxError:  # the message is about something else
        return ast.Module([], [])

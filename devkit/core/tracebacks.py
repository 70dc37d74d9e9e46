"""Reads tracebacks, as text: which line of a team's own code an error comes from."""

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
        """`file:line`, as editors and terminals understand it."""
        inside = self.file.is_relative_to(folder)
        return f"{self.file.relative_to(folder) if inside else self.file}:{self.line}"


def frames_in(traceback: str, folder: Path) -> list[SourceLocation]:
    """The lines of a team's own code in a traceback, outermost first.

    A team's own code is what lies in its folder and in none of its environments.
    """
    places = (SourceLocation(Path(m["file"]), int(m["line"])) for m in FRAME.finditer(traceback))
    return [place for place in places if _is_own(place.file, folder)]


def last_error(traceback: str) -> str:
    """What a program's traceback says in the end, without the frames that lead there."""
    lines = traceback.rstrip().splitlines()
    starts = [n for n, line in enumerate(lines) if line and not line[0].isspace()]
    return "\n".join(lines[starts[-1] :]) if starts else traceback


def definitions_named_in(message: str, folder: Path) -> list[SourceLocation]:
    """The definitions in a team's own code that an error's message names in quotes."""
    names = set(QUOTED.findall(message))
    return [
        SourceLocation(file, node.lineno)
        for file in sorted(_code(folder))
        for node in ast.walk(_parsed(file))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names
    ]


def _code(folder: Path) -> Iterator[Path]:
    """The Python files under a folder, without going through its environments."""
    for directory, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(directory, name) for name in files if name.endswith(".py"))


def _is_own(file: Path, folder: Path) -> bool:
    inside = file.relative_to(folder).parts if file.is_relative_to(folder) else (".venv",)
    return not any(part.startswith(".venv") for part in inside)


def _parsed(file: Path) -> ast.AST:
    try:
        return ast.parse(file.read_bytes())
    except SyntaxError:  # not what the message is about
        return ast.Module([], [])

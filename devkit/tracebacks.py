"""Reads tracebacks, as text: which line of a team's own code an error comes from."""

import re
from dataclasses import dataclass
from pathlib import Path

FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """A line of a file; `file` is absolute, lines count from 1."""

    file: Path
    line: int

    def relative_to(self, folder: Path) -> str:
        """`file:line`, as editors and terminals understand it."""
        inside = self.file.is_relative_to(folder)
        return f"{self.file.relative_to(folder) if inside else self.file}:{self.line}"


def own_places(traceback: str, folder: Path) -> list[Place]:
    """The lines of a team's own code in a traceback, outermost first.

    A team's own code is what lies in its folder and in none of its environments.
    """
    places = (Place(Path(m["file"]), int(m["line"])) for m in FRAME.finditer(traceback))
    return [
        place
        for place in places
        if place.file.is_relative_to(folder)
        and not any(part.startswith(".venv") for part in place.file.relative_to(folder).parts)
    ]

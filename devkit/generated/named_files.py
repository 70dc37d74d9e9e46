"""Files of the repository that deployed code names by a relative path, and that a build lacks.

Code that is loaded in the repository's root finds `data/orders.csv` there. In a deployment, the
current folder is that of the build.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from devkit.registry.team import Team

# What is called with a path; elsewhere, a word without `/` and without an ending is none.
OPENING = ("Path", "PurePath", "open", "join", "glob")
LONGEST = 200


def missing(
    team: Team, shipped: Mapping[Path, Path], tracked: Iterable[Path]
) -> Iterator[tuple[str, str]]:
    """The relative path of each file or folder, and the line of the code that names it first.

    `shipped` are the files of the build by their places in it, `tracked` all of Git's.
    """
    here = {path.relative_to(team.cwd) for path in tracked if path.is_relative_to(team.cwd)}
    known = here | {above for path in here for above in path.parents}
    there = shipped.keys() | {above for path in shipped for above in path.parents}
    seen = set()
    for place, file in sorted(shipped.items()):
        if place.suffix == ".py":
            for text, line in _named(file):
                path = Path(PurePosixPath(text))
                if path in known and path not in there and path not in seen and path.parts:
                    seen.add(path)
                    yield path.as_posix(), f"{file.relative_to(team.root).as_posix()}:{line}"


def _named(file: Path) -> Iterator[tuple[str, int]]:
    """The texts in a file that may be relative paths, and their lines."""
    with suppress(OSError, SyntaxError, ValueError):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if called in OPENING:
                    yield from ((text, line) for one in node.args for text, line in _text(one))
            for text, line in _text(node):
                if "/" in text or PurePosixPath(text).suffix:
                    yield text, line


def _text(node: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
        if 0 < len(text) < LONGEST and "\n" not in text and not text.startswith(("/", "..")):
            yield text, node.lineno

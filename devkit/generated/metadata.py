"""Which distributions of the repository a build lacks the metadata of.

`importlib.metadata` finds nothing of a package that is copied and not installed, so `dist` writes
names and versions next to it. It can do so only for libraries that it knows of.
"""

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from devkit.core import git, pyproject, setuptools
from devkit.core.errors import FIXABLE
from devkit.core.paths import ROOT
from devkit.environments.project import team_project
from devkit.registry.team import Team

MODULES = ("importlib.metadata", "importlib_metadata")
ASKING = ("version", "distribution", "metadata", "requires", "files")
INFO = ".dist-info"


def lacking(team: Team) -> dict[str, str]:
    """The names of the distributions whose metadata a team's folder in dist/ lacks.

    Each with why it is needed: it is a library of the team's project, or its version is asked for
    at a line of the code, by its name, where an error is not expected.

    Raises:
        DevkitError: if Git can't list the repository's files.
    """
    has = {
        canonicalize_name(path.name.removesuffix(INFO).rpartition("-")[0])
        for path in team.dist.glob(f"*{INFO}")
    }
    needed = {}
    for library in team_project(team).deployed_libraries:
        with suppress(*FIXABLE):  # what can't be read is an error of the lock
            needed[pyproject.read(library).name] = "it is a library of the project"
    asked = dict(_asked(team.dist))
    if asked:
        needed |= {name: asked[name] for name in asked.keys() & _projects()}
    return {name: why for name, why in sorted(needed.items()) if name not in has}


def _asked(folder: Path) -> Iterator[tuple[str, str]]:
    """The distributions that code in a folder asks for by their literal names, and where."""
    for file in sorted(folder.rglob("*.py")):
        text = file.read_bytes()
        if not any(name.encode() in text for name in MODULES):
            continue
        with suppress(SyntaxError, ValueError):
            tree = ast.parse(text)
            guarded = {
                id(inner)
                for node in ast.walk(tree)
                if isinstance(node, ast.Try)
                for each in node.body
                for inner in ast.walk(each)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and id(node) not in guarded:
                    for name in _named(node):
                        place = file.relative_to(folder.parent.parent).as_posix()
                        yield canonicalize_name(name), f"{place}:{node.lineno} asks for it"


def _named(call: ast.Call) -> Iterator[str]:
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if called in ASKING and call.args:
        first = call.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def _projects() -> set[str]:
    """The names of the distributions in the repository."""
    files = (PurePosixPath(name) for name in git.index_files(ROOT))
    wanted = (pyproject.FILE, *setuptools.FILES)
    found = set()
    for folder in {ROOT / file.parent for file in files if file.name in wanted}:
        with suppress(*FIXABLE):  # it is none of a team's, or an error elsewhere
            found.add(pyproject.read(folder).name)
    return found

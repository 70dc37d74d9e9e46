"""Which Python a location runs on today, and whether this machine has one that starts."""

import re
from functools import cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from devkit.adoption.containers import DOCKERFILES
from devkit.adoption.model import Obstacle, below
from devkit.adoption.modules import parents
from devkit.adoption.tree import Tree, is_below
from devkit.core import pythons
from devkit.environments import interpreters

IN_DOCKERFILE = re.compile(
    r"^\s*(?:FROM\s+\S*python\S*:|ARG\s+\w*PYTHON\w*VERSION\w*=[\"']?|ARG\s+\w*PYTHON_TAG=)(3\.\d+)",
    re.MULTILINE | re.IGNORECASE,
)
POSSIBLE = tuple(f"3.{minor}" for minor in range(9, pythons.as_tuple(pythons.NEWEST)[1] + 1))


def hint(tree: Tree, folder: str, *also: str) -> tuple[str, str]:
    """The Python of a folder: version and place, by .python-version or a Dockerfile; else empty.

    `also` are other files to look at first: the Dockerfile that starts the location.
    """
    for above in (folder, *parents(folder)):
        file = below(above, ".python-version")
        found = re.match(r"\s*(?:cpython-)?(3\.\d+)", tree.text(file)) if tree.has(file) else None
        if found:
            return found[1], f"{file}:1"
    dockerfiles = [file for file in tree.named(DOCKERFILES) if is_below(file, folder)]
    at_root = [file for file in tree.named(DOCKERFILES) if "/" not in file]
    for file in dict.fromkeys([*also, *dockerfiles, *at_root]):
        found = IN_DOCKERFILE.search(tree.text(file))
        if found:
            line = tree.text(file).count("\n", 0, found.start(1)) + 1
            return found[1], f"{file}:{line}"
    return "", ""


def fault(requires: str, place: str) -> Obstacle | None:
    """What is in the way of a Python for this specifier; None if nothing is."""
    file, _, line = place.partition(":")
    number = int(line) if line.isdigit() else 0
    try:
        wanted = SpecifierSet(requires)
    except InvalidSpecifier:
        return Obstacle(
            file, number, f"requires-python is no specifier: {requires}", ">=3.11", f"edit {file}"
        )
    possible = [version for version in POSSIBLE if _allows(wanted, version)]
    if not possible:
        return Obstacle(
            file,
            number,
            f"it needs Python {requires}, which Dagster and this kit do not run on",
            f"Python {POSSIBLE[0]} to {POSSIBLE[-1]}",
            f"change the version in {file}",
        )
    if not _is_here(requires):
        return Obstacle(
            file,
            number,
            f"no Python {requires} on this machine that starts",
            f"Python {possible[-1]}, for instance",
            f"install it: `uv python install {possible[-1]}`, or by your system's packages",
        )
    return None


def _allows(wanted: SpecifierSet, version: str) -> bool:
    return any(f"{version}.{patch}" in wanted for patch in range(30))


@cache
def _is_here(requires: str) -> bool:
    return interpreters.find(requires) is not None

"""Dynamic dependencies: those that a project's build backend reads from files other than pyproject.

https://packaging.python.org/specifications/pyproject-toml/#dynamic
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from devkit.core.errors import DevkitError
from devkit.core.pyproject import Pyproject
from devkit.environments import locknames

FIELDS = {"dependencies", "optional-dependencies"}
# What backends read by convention; any other file has to be named in a table of `[tool]`.
USUAL = ("setup.py", "setup.cfg", "*.in", "*.txt", "requirements/*.in", "requirements/*.txt")


def is_dynamic(project: Pyproject) -> bool:
    """Whether the project's dependencies are not, or not only, in its pyproject.toml."""
    dynamic = project.project.get("dynamic", [])
    return not project.project or bool(FIELDS & {item for item in dynamic if isinstance(item, str)})


def digests(project: Pyproject) -> dict[str, str]:
    """SHA-256 of the files that the dependencies may come from, by name; empty if none are dynamic.

    Raises:
        DevkitError: if they come from a lock, which would be overwritten.
    """
    if not is_dynamic(project):
        return {}
    folder = project.file.parent
    named = {text for text in _texts(project.document.get("tool")) if _is_file(folder / text)}
    locks = locknames.of(folder)
    for lock in locks:
        if lock in named:
            raise DevkitError(
                f"{project.shown} takes dependencies from {lock}, which `invoke lock` writes",
                expected="a file of another name, such as requirements.in",
                fix=f"rename {lock}, also in {project.shown}",
            )
    usual = {file.relative_to(folder).as_posix() for name in USUAL for file in folder.glob(name)}
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in sorted((named | usual) - {*locks})
    }


def _texts(found: object) -> Iterator[str]:
    """Every text in a table or list, and below it."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for value in found.values():
            yield from _texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from _texts(value)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text that can be no file's name
        return False

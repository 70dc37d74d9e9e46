"""Where a location's code is found by default: its import root, its sources and its tests.

Only names and files are looked at, nothing is imported. A project's `[tool.dagteam]` can say
otherwise: see `Team`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from devkit.core import pyproject
from devkit.core.errors import DevkitError

SRC = "src"


def import_root(module: str, cwd: Path, project: Path) -> Path:
    """The folder that a module is imported from: its top-level package is in it.

    The working directory if the module is there, as Dagster puts that on the path; otherwise where
    an installed project has it, for instance in `src`. The working directory if it is nowhere.
    """
    parts = module.split(".")
    usual = (cwd, project, project / SRC)
    for wanted in (parts, parts[:1]):
        for base in usual:
            if _is_code(base.joinpath(*wanted)):
                return base
        if wanted == parts and (found := next(_unusual(project, parts), None)):
            return found
    return cwd


def target(base: Path, module: str) -> Path:
    """The file of a module, or the folder of a package, below its import root."""
    path = base.joinpath(*module.split("."))
    file = path.with_name(f"{path.name}.py")
    return file if file.is_file() else path


def sources(base: Path, found: Path, neighbors: Iterable[Path]) -> tuple[Path, ...]:
    """The folder with a location's own code, or the single file of a module without one.

    It is the outermost package that `found`, the file or package that Dagster loads, is in, and no
    other location is. A folder without Python files is none: it only has packages in it. Locations
    that are loaded from one folder share it.
    """
    inner = found if found.is_dir() else found.parent
    folders = [each for each in (inner, *inner.parents) if base in each.parents][::-1]
    others = [path for path in neighbors if path != found]
    own = [
        folder
        for folder in folders
        if not any(folder in (path, *path.parents) for path in others)
        and (folder == inner or any(folder.glob("*.py")))
    ]
    return tuple(own[:1] or folders[-1:] or [found])


def tests(project: Path, cwd: Path, package: str) -> tuple[Path, ...]:
    """What pytest is given: the project's `testpaths`, `<package>_tests`, or `tests`."""
    usual = project / f"{package}_tests"
    if configured := _testpaths(project):
        return tuple(project / path for path in configured)
    for folder in (usual, project / "tests", cwd / usual.name):
        if folder.is_dir():
            return (folder,)
    return (usual,)


def _testpaths(project: Path) -> Sequence[str]:
    if not (project / pyproject.FILE).is_file():
        return ()
    try:
        table: Mapping[str, Any] = pyproject.read(project).tool("pytest")
    except DevkitError:
        return ()
    options = table.get("ini_options", {})
    found = options.get("testpaths", []) if isinstance(options, dict) else []
    texts = found.split() if isinstance(found, str) else found
    return [text for text in texts if isinstance(text, str) and (project / text).exists()]


def _unusual(project: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Other folders of a project that a module is in: `python/`, `lib/`."""
    if project.is_dir():
        for folder in sorted(project.iterdir()):
            if folder.is_dir() and not folder.name.startswith(".") and (
                _is_code(folder.joinpath(*parts))
            ):  # fmt: skip
                yield folder


def _is_code(path: Path) -> bool:
    """Whether a path without a suffix is a module or a package.

    A package that moved away may leave a folder of bytecode behind.
    """
    return path.with_name(f"{path.name}.py").is_file() or (path.is_dir() and any(path.glob("*.py")))

"""Which Python an environment is built with."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from devkit.core import pyproject, python_range, pythons, uv
from devkit.core.environ import clean_environment
from devkit.core.errors import FIXABLE
from devkit.core.paths import ROOT
from devkit.core.processes import run

# Where version managers keep Pythons: the variable with their folder, or else where it is in the
# user's home, and the folder below it.
MANAGERS = (
    ("PYENV_ROOT", ".pyenv", "versions"),
    ("ASDF_DATA_DIR", ".asdf", "installs/python"),
    ("MISE_DATA_DIR", ".local/share/mise", "installs/python"),
)
RELEASE = re.compile(r"\d+\.\d+\.\d+")


def choose(project: Path) -> str:
    """The Python to build with: the tools' own if the project allows it, or one of this machine.

    Otherwise the versions that the project may have: uv downloads one of them.
    """
    wanted = _wanted(project)
    return str(find(wanted) or wanted)


def missing(project: Path) -> str | None:
    """The versions of Python that the project needs, if this machine has none of them."""
    wanted = _wanted(project)
    return None if find(wanted) else wanted


def deployed(project: Path, usual: str = pythons.DEPLOYED) -> str:
    """The minor version of Python that a project is deployed with, the usual one if it may be.

    Also the usual one if its pyproject.toml can't be read: whoever locks or builds it says why.
    """
    try:
        requires = pyproject.read(project).requires_python
    except FIXABLE:
        return usual
    return python_range.nearest(requires, project, usual)


def find(wanted: str) -> Path | None:
    """The tools' Python if it is in this range of versions, or another one of this machine."""
    running = ".".join(map(str, sys.version_info[:3]))
    if running in SpecifierSet(wanted):
        own: str = sys._base_executable  # type: ignore[attr-defined] # noqa: SLF001 (as in venv)
        return Path(own)
    found = uv.ask("python", "find", "--system", "--no-project", "--no-python-downloads", wanted)
    if not found.code:
        return Path(found.stdout.strip())
    return next(_of_managers(SpecifierSet(wanted)), None)


def is_allowed(environment: Path, project: Path) -> bool:
    """Whether a project allows the Python that an environment was built with."""
    config = environment / "pyvenv.cfg"
    text = config.read_text(encoding="utf-8") if config.exists() else ""
    found = re.search(r"^version(?:_info)? *= *(\d+\.\d+\.\d+)", text, re.MULTILINE)
    return found is not None and found[1] in SpecifierSet(_wanted(project))


def has_moved(environment: Path) -> bool:
    """Whether the environment's Python is now another minor version than its packages are for.

    As after an upgrade of the operating system, if the link leads to `python3`.
    """
    name = (environment / "bin" / "python").resolve().name
    found = [folder.name for folder in environment.glob("lib/python3.*")]
    return re.fullmatch(r"python3\.\d+", name) is not None and bool(found) and name not in found


def _of_managers(wanted: SpecifierSet) -> Iterator[Path]:
    """The Pythons of pyenv, asdf and mise that start, newest first: few are on the PATH."""
    found: list[Path] = []
    for variable, home, below in MANAGERS:
        with suppress(OSError):  # another user's
            found += (Path(os.environ.get(variable) or Path.home() / home) / below).iterdir()
    releases = [each for each in found if RELEASE.fullmatch(each.name) and each.name in wanted]
    for folder in sorted(releases, key=lambda each: Version(each.name), reverse=True):
        python = folder / "bin" / "python"
        if python.exists() and _starts(python):
            yield python


def _starts(python: Path) -> bool:
    with suppress(OSError):
        return not run([python, "-c", "import venv"], cwd=ROOT, env=clean_environment()).code
    return False


def _wanted(project: Path) -> str:
    return python_range.wanted(pyproject.read(project).requires_python, project)

"""Which Python an environment is built with."""

import re
import sys
from pathlib import Path

from packaging.specifiers import SpecifierSet

from devkit.core import pyproject, pythons, uv


def choose(project: Path) -> str:
    """The Python to build with: the tools' own if the project allows it.

    Otherwise the project's requirement: uv finds a Python for it.
    """
    wanted = _wanted(project)
    running = ".".join(map(str, sys.version_info[:3]))
    own: str = sys._base_executable  # type: ignore[attr-defined] # noqa: SLF001 (as in venv)
    return own if running in SpecifierSet(wanted) else wanted


def missing(project: Path) -> str | None:
    """The versions of Python that the project needs, if this machine has none of them."""
    wanted = choose(project)
    if Path(wanted).is_absolute():
        return None
    return wanted if uv.ask("python", "find", "--no-project", wanted).code else None


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


def _wanted(project: Path) -> str:
    return pyproject.read(project).requires_python or f">={pythons.OLDEST}"

"""Which Python a room's environment is made with."""

import re
import sys
import tomllib
from pathlib import Path

from packaging.specifiers import SpecifierSet


def base(project: Path) -> str:
    """The Python to make it with: the tools' own where the room's project admits it.

    Otherwise the project's own requirement, which uv answers with one that it finds.
    """
    wanted = _wanted(project)
    running = ".".join(map(str, sys.version_info[:3]))
    own: str = sys._base_executable  # type: ignore[attr-defined] # as venv itself does
    return own if running in SpecifierSet(wanted) else wanted


def is_admitted(environment: Path, project: Path) -> bool:
    """Whether the Python that an environment was made with is one that the project admits."""
    config = environment / "pyvenv.cfg"
    text = config.read_text() if config.exists() else ""
    found = re.search(r"^version(?:_info)? *= *(\d+\.\d+\.\d+)", text, re.MULTILINE)
    return found is not None and found[1] in SpecifierSet(_wanted(project))


def _wanted(project: Path) -> str:
    """The Pythons (PEP 440) that the project in a folder asks for."""
    document = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return str(document.get("project", {}).get("requires-python", ">=3.11"))

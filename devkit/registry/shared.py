"""The repository's shared library, utils: which folder it is, if there is one."""

from pathlib import Path

from devkit.core import pyproject
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, SHARED
from devkit.registry.team import TABLE

MARK = "shared"


def library(root: Path | None = None) -> Path | None:
    """The folder of utils; None in a repository without one, or with another `utils` of its own.

    It is the kit's if `[tool.dagteam]` in its pyproject.toml says `shared = true`. One that can't
    be read is taken for it, so that whoever reads it says what is wrong.
    """
    folder = (root or ROOT) / SHARED.name
    if not (folder / pyproject.FILE).is_file():
        return None
    try:
        is_shared = pyproject.read(folder).tool(TABLE).get(MARK) is True
    except DevkitError:
        is_shared = True
    return folder if is_shared else None

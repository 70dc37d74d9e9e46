"""Patterns of external assets: `external = ["raw/*"]` in `[tool.dagteam]`.

Those in the root's pyproject.toml are for every team, those in a team's for what it depends on.
"""

import contextlib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from devkit.core import pyproject
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.registry.team import Team


def patterns(team: Team) -> dict[str, Path]:
    """The patterns that apply to a team, with the file that has each.

    Raises:
        DevkitError: if the root's pyproject.toml can't be read. A team's own that can't be is
            reported by what else reads it.
    """
    found = _patterns_in(ROOT)
    with contextlib.suppress(DevkitError):
        found |= _patterns_in(team.directory)
    return found


def matching(key: str, patterns: Iterable[str]) -> str | None:
    """The first pattern that a key matches, in which `*` stands for any text, `/` too."""
    return next((pattern for pattern in patterns if fnmatchcase(key, pattern)), None)


def _patterns_in(folder: Path) -> dict[str, Path]:
    file = folder / pyproject.FILE
    if not file.exists():
        return {}
    return dict.fromkeys(pyproject.read(folder).tool("dagteam").get("external", ()), file)

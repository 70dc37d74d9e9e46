"""Linters of a repository that look at every folder, and so at the kit's, unless told not to.

Ruff is none of them: it finds devkit/.ruff.toml, and looks away.
"""

import re
from pathlib import Path

# In which file each is configured, and what begins its section there.
PLACES = (
    ("pyproject.toml", r"^\[tool\.({})[\].]"),
    ("setup.cfg", r"^\[({})\]"),
    ("tox.ini", r"^\[({})\]"),
)
NAMES = ("black", "flake8", "isort", "mypy", "pylint", "pyright")
FILES = {
    ".flake8": "flake8",
    ".isort.cfg": "isort",
    "mypy.ini": "mypy",
    ".mypy.ini": "mypy",
    ".pylintrc": "pylint",
    "pyrightconfig.json": "pyright",
}


def that_see_everything(root: Path) -> list[str]:
    """The names of those that are configured at `root`, sorted."""
    found = {name for file, name in FILES.items() if (root / file).is_file()}
    for file, section in PLACES:
        if (root / file).is_file():
            text = (root / file).read_text(encoding="utf-8", errors="replace")
            found.update(re.findall(section.format("|".join(NAMES)), text, re.MULTILINE))
    return sorted(found)

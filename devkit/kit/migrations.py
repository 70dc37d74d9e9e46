"""What a later kit changes in the repositories that have an earlier one, in the order of versions.

A migration changes what the kit's files do not say: settings of projects, a renamed key. It may run
twice, changes nothing the second time, and says what it did.
"""

from collections.abc import Callable
from pathlib import Path

from devkit.core import toml
from devkit.core.files import read_text, replace_text
from devkit.kit import sources

# The version that needs it, and the function: for a root, what was done, in a sentence each.
Migration = tuple[str, Callable[[Path], list[str]]]

SHARED = "[tool.dagteam]\nshared = true # in every team's environment, whether its project lists it"


def run(root: Path, since: str) -> list[str]:
    """Run the migrations of all versions after `since`; returns what was done."""
    wanted = [migrate for version, migrate in MIGRATIONS if sources.is_newer(version, since)]
    return [line for migrate in wanted for line in migrate(root)]


def utils_is_marked(root: Path) -> list[str]:
    """0.3.0: utils is the kit's library only if its project says so."""
    file = root / "utils" / "pyproject.toml"
    if not file.is_file():
        return []
    document = toml.read(file)
    name = document.get("project", {}).get("name")
    if name != "dagteam-utils" or "dagteam" in document.get("tool", {}):
        return []
    text = read_text(file)
    replace_text(file, f"{text.rstrip()}\n\n{SHARED}\n")
    return ["utils/pyproject.toml: [tool.dagteam] says `shared = true`"]


MIGRATIONS: tuple[Migration, ...] = (("0.3.0", utils_is_marked),)

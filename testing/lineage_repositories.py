"""Small Git repositories with tiny teams, for tests of `invoke lineage --diff`."""

from dataclasses import dataclass, replace
from pathlib import Path

from devkit.definitions.manifest import Manifest
from devkit.lineage.base_revision import BaseRevision, manifests_at
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from testing import repositories

ENTRY = """\
  - python_module:
      location_name: {name}
      module_name: {name}_code
      working_directory: {name}
      executable_path: {name}/.venv/bin/python
"""
REGISTRY = "load_from:\n" + ENTRY.format(name="tea") + ENTRY.format(name="milk")


def code(*keys: str, before: str = "") -> str:
    """A module that defines these assets; each key is a Python expression."""
    lines = [before, "import dagster as dg", "assets = []"]
    for number, key in enumerate(keys):
        lines += [
            f"@dg.asset(name={key})",
            f"def asset{number}() -> None: ...",
            f"assets.append(asset{number})",
        ]
    return "\n".join([*lines, "defs = dg.Definitions(assets=assets)", ""])


@dataclass(frozen=True)
class Repository(repositories.Repository):
    """A checkout that a test may change, whose teams use an environment of this repository."""

    python: Path

    @property
    def teams(self) -> list[Team]:
        """Today's teams."""
        return [replace(team, python=self.python) for team in load_teams(self.root)]

    def at(self, base: str = "main", *today: Manifest) -> BaseRevision:
        """The definitions at the base."""
        return manifests_at(base, self.teams, today, root=self.root)

"""Small Git repositories with tiny teams, for tests of `invoke lineage --diff`."""

from dataclasses import dataclass, replace
from pathlib import Path

from devkit.definitions.manifest import Manifest
from devkit.lineage.base_revision import BaseRevision, manifests_at
from devkit.registry.workspace import Team, load_teams
from testing.support import run

SETTINGS = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@localhost",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@localhost",
}
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
class Repository:
    """A checkout that a test may change, whose teams use an environment of this repository."""

    root: Path
    python: Path

    def git(self, *arguments: str) -> str:
        """Run a Git command that must succeed; returns what it prints."""
        done = run(["git", *arguments], self.root, SETTINGS)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file, creating its folder."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def commit(self) -> str:
        """Commit everything; returns the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "some")
        return self.git("rev-parse", "HEAD")

    @property
    def teams(self) -> list[Team]:
        """Today's teams."""
        return [replace(team, python=self.python) for team in load_teams(self.root)]

    def at(self, base: str = "main", *today: Manifest) -> BaseRevision:
        """The definitions at the base."""
        return manifests_at(base, self.teams, today, root=self.root)

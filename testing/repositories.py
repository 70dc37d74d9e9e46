"""A small Git repository of three teams, for tests of changes and of what they affect."""

from dataclasses import dataclass
from pathlib import Path

from devkit.core.git import changed_files
from devkit.definitions.affected import Affected, affected
from devkit.registry.workspace import load_teams
from testing.sandbox import GIT_SETTINGS
from testing.support import run


def entry(location: str, folder: str, **changed: str) -> str:
    """A team's lines in the registry."""
    fields = {
        "location_name": location,
        "module_name": f"{location}.definitions",
        "working_directory": folder,
        "executable_path": f"{folder}/.venv-{location}/bin/python",
        **changed,
    }
    return "  - python_module:\n" + "".join(f"      {k}: {v}\n" for k, v in fields.items())


TEA = entry("tea_project", "tea")
MILK = entry("milk_project", "teams/milk")
SUGAR = entry("sugar", "sugar")
REGISTRY = f"load_from:\n{TEA}{MILK}{SUGAR}"


@dataclass(frozen=True)
class Repository:
    """A checkout that a test may change, or a folder below its top."""

    root: Path

    def git(self, *arguments: str) -> str:
        """Run a Git command that must succeed; returns what it prints."""
        done = run(["git", *arguments], self.root, GIT_SETTINGS)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, text: str = "new\n") -> None:
        """Write a file, creating its folder."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def init(self, top: Path | None = None) -> None:
        """Make the folder, or `top` above it, the top of a new repository, with one commit."""
        Repository(top or self.root).git("init", "--quiet", "--initial-branch", "main")
        self.commit()

    def commit(self) -> str:
        """Commit everything; returns the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "some")
        return self.git("rev-parse", "HEAD")

    def changed(self, base: str = "main") -> list[str]:
        """The files that differ from the base; requires that there is no note."""
        found = changed_files(base, self.root)
        assert (found.base, found.note) == (base, None)
        return list(found.files)

    def affected(self, base: str = "main") -> Affected:
        """What the changes since the base affect."""
        return affected(load_teams(self.root), base, self.root)


def three_teams(root: Path, top: Path | None = None) -> Repository:
    """Three teams, one of them in a nested folder, on a branch from main."""
    made = Repository(root)
    made.write("workspace.yaml", REGISTRY)
    made.write(".gitignore", "*.log\n.venv*\n")
    for folder in ("tea", "teams/milk", "sugar"):
        made.write(f"{folder}/code.py", f"# the code of {folder}\n")
    made.init(top)
    made.git("checkout", "--quiet", "-b", "work")
    return made


def move_below(root: Path) -> Repository:
    """Make the folder above a repository its top, in one more commit, which `main` becomes too."""
    (root / ".git").rename(root.parent / ".git")
    made = Repository(root)
    made.git("add", "--all", ".")
    made.git("commit", "--quiet", "--no-verify", "--all", "--message", "below the top")
    made.git("branch", "--force", "main")
    return made


def three_teams_below(top: Path) -> Repository:
    """The same, two folders below the top of a repository that holds more."""
    Repository(top).write("website/index.html")
    Repository(top).write("README.md")
    return three_teams(top / "platforms" / "data [1]", top)

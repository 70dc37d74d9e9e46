"""Whether a commit contains the generated files as they should be: the Git hook."""

from collections.abc import Mapping
from pathlib import Path

from devkit.core import git, output
from devkit.core.errors import DevkitError
from devkit.core.paths import REGISTRY, ROOT
from devkit.definitions.staged import Staged

# What the files of all teams are generated from. From its pyproject.toml, only a team's own are.
SOURCES = (REGISTRY.name, "devkit/", "orchestrator/", "utils/pyproject.toml")


def require_fresh(commit: Staged, texts: Mapping[Path, str]) -> None:
    """Require that no generated file is stale because of what is staged.

    A file that was stale before is part of a line of warning.

    Raises:
        DevkitError: naming the stale files.
    """
    names = {path.relative_to(ROOT).as_posix(): text for path, text in texts.items()}
    stale = [name for name, text in names.items() if git.read_at("", name) != text]
    own = [name for name in stale if _is_changed(commit, name)]
    if others := ", ".join(name for name in stale if name not in own):
        output.warn(f"warning: out of date, which this commit did not cause: {others}")
    if own:
        raise DevkitError(
            f"out of date, or not staged: {', '.join(own)}",
            fix=f"`invoke derive`, then `git add {' '.join(own)}`",
        )


def changes_sources(commit: Staged) -> bool:
    """Whether the commit changes what the files of all teams are generated from."""
    return any(file.startswith(SOURCES) for file in commit.changes.files)


def _is_changed(commit: Staged, name: str) -> bool:
    """Whether the commit changes a generated file, or what it is generated from."""
    folders = tuple(f"{team.folder}/" for team in commit.chosen)
    return name in commit.changes.files or name.startswith(folders) or changes_sources(commit)

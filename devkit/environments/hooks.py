"""Git hooks: whether Git runs pre-commit, and how to install it."""

from pathlib import Path

from devkit.core import processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, TOOLS


def installed() -> bool:
    """Whether Git runs pre-commit; True, too, if there are no hooks to install here."""
    file = ROOT / ".git" / "hooks" / "pre-commit"
    if not (ROOT / ".git").is_dir():  # an archive, or a worktree that uses its repository's hooks
        return True
    return file.exists() and str(TOOLS) in file.read_text(encoding="utf-8", errors="replace")


def install() -> str:
    """Install the hook that runs the tools' pre-commit at every commit.

    Raises:
        DevkitError: if pre-commit refuses, for instance because core.hooksPath is set.
    """
    argv: list[str | Path] = [TOOLS / "bin" / "python", "-m", "pre_commit", "install"]
    done = processes.run(argv, cwd=ROOT, env=clean_environment())
    if done.code:
        raise DevkitError(
            f"the git hooks can't be installed\n{done.combined}",
            fix="resolve what pre-commit reports, then run `invoke setup`",
        )
    return "installed"

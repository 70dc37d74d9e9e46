"""The git hooks: whether git runs pre-commit, and how that is installed."""

from pathlib import Path

from devkit.core import processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, TOOLS


def installed() -> bool:
    """Whether git runs pre-commit, or there is no repository whose hooks could be installed."""
    file = ROOT / ".git" / "hooks" / "pre-commit"
    if not (ROOT / ".git").is_dir():  # an archive, or a worktree, whose main checkout has them
        return True
    return file.exists() and str(TOOLS) in file.read_text(encoding="utf-8", errors="replace")


def install() -> str:
    """Have git run pre-commit, from the tools' environment, on every commit.

    Raises:
        DevkitError: if pre-commit can't, for instance because core.hooksPath is set.
    """
    argv: list[str | Path] = [TOOLS / "bin" / "python", "-m", "pre_commit", "install"]
    done = processes.run(argv, cwd=ROOT, env=clean_environment())
    if done.code:
        raise DevkitError(
            f"the git hooks can't be installed\n{done.combined}",
            fix="see what it says, then run `invoke setup`",
        )
    return "installed"

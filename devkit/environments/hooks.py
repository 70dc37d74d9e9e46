"""Git hooks: whether Git runs pre-commit at every commit, and how to install it.

A repository has one folder of hooks, which all of its worktrees share, so its hook may run the
tools of any of them: pre-commit looks for its configuration in the worktree of the commit.
"""

import enum
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from devkit.core import git, processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, TOOLS

# What a hook in another folder, for all repositories of a machine, has to do.
CHAIN = 'own=$(git rev-parse --git-common-dir)/hooks/pre-commit; [ ! -x "$own" ] || "$own" "$@"'
CALLS = re.compile(r"^[^#\n]*(pre[-_]commit|git-common-dir|GIT_DIR|GIT_COMMON_DIR)", re.MULTILINE)
PYTHON = re.compile(r"^INSTALL_PYTHON=(.+)$", re.MULTILINE)


class Kind(enum.Enum):
    """Why Git does not run the hooks."""

    NO_GIT = enum.auto()
    NO_REPOSITORY = enum.auto()
    UNSAFE = enum.auto()
    UNREADABLE = enum.auto()
    INSIDE = enum.auto()
    MISSING = enum.auto()
    REDIRECTED = enum.auto()


@dataclass(frozen=True)
class Problem:
    """Why Git does not run the hooks: a sentence, and what fixes it."""

    kind: Kind
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what}\n  {'fix:':<10}{self.fix}"


def problem(root: Path = ROOT) -> Problem | None:
    """Why Git does not run the hooks in a checkout; None if it does."""
    try:
        asked = git.ask("rev-parse", "--is-inside-work-tree", "--show-prefix", root=root)
    except DevkitError as error:
        kind = Kind.NO_GIT if os.path.lexists(root / ".git") else Kind.NO_REPOSITORY
        return Problem(kind, error.what, error.fix or "")
    if asked.code or not asked.stdout.startswith("true"):
        return _unusable(asked.stderr.strip().partition("\n")[0], root)
    if asked.stdout.splitlines()[1:] != [""]:
        top = git.ask("rev-parse", "--show-toplevel", root=root).stdout.strip()
        return Problem(
            Kind.INSIDE,
            f"{root} is a folder of the repository at {top}, and pre-commit runs hooks only from "
            "the top of a repository",
            "make it a repository of its own; until then, only CI checks commits",
        )
    own = root / git.ask("rev-parse", "--git-common-dir", root=root).stdout.strip() / "hooks"
    if reason := _not_installed(own / "pre-commit", root):
        return Problem(Kind.MISSING, reason, "`invoke setup`")
    used = root / git.ask("rev-parse", "--git-path", "hooks", root=root).stdout.strip()
    if used.resolve() != own.resolve() and not _calls_hooks(used):
        return _redirected(used, root)
    return None


def ensure(root: Path = ROOT) -> Problem | None:
    """Install the hook if it is missing; returns why Git does not run it nevertheless.

    None, too, in a folder that is no repository.

    Raises:
        DevkitError: as `install`.
    """
    found = problem(root)
    if found and found.kind is Kind.MISSING:
        install()
        found = problem(root)
    return None if found and found.kind is Kind.NO_REPOSITORY else found


def install() -> str:
    """Install the hook that runs the tools' pre-commit at every commit.

    In the repository's own folder of hooks even if core.hooksPath is set, for the hook there to
    call. On branches without a configuration of pre-commit, it does nothing.

    Raises:
        DevkitError: if pre-commit refuses.
    """
    number = int(os.environ.get("GIT_CONFIG_COUNT", "0"))
    env = clean_environment() | {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": "core.hooksPath",
        f"GIT_CONFIG_VALUE_{number}": "",
    }
    done = processes.run(
        [TOOLS / "bin" / "python", "-P", "-m", "pre_commit", "install", "--allow-missing-config"],
        cwd=ROOT,
        env=env,
    )
    if done.code:
        raise DevkitError(
            f"the git hooks can't be installed\n{done.combined}",
            fix="resolve what pre-commit reports, then run `invoke setup`",
        )
    return "installed"


def _unusable(reason: str, root: Path) -> Problem:
    if "dubious ownership" in reason:
        return Problem(
            Kind.UNSAFE,
            f"Git refuses {root}: it belongs to another user",
            f"`git config --global --add safe.directory {shlex.quote(str(root))}`",
        )
    if not os.path.lexists(root / ".git"):
        return Problem(
            Kind.NO_REPOSITORY,
            f"{root} is not a Git repository",
            "`git clone` the repository",
        )
    return Problem(
        Kind.UNREADABLE, f"Git can't read the repository of {root}: {reason}", git.repair(root)
    )


def _not_installed(hook: Path, root: Path) -> str | None:
    """Why a file is not the hook of this repository's pre-commit; None if it is."""
    try:
        text = hook.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "the git hooks are not installed"
    found = PYTHON.search(text)
    if found is None:  # written by hand
        return None if TOOLS.name in text else "the git hooks are not installed"
    python = Path(found[1].strip("'\""))
    listed = git.ask("worktree", "list", "--porcelain", root=root).stdout.splitlines()
    worktrees = [Path(line.removeprefix("worktree ")) for line in listed if line[:9] == "worktree "]
    ours = any(python.is_relative_to(folder / TOOLS.name) for folder in (root, *worktrees))
    runs = os.access(python, os.X_OK)
    if ours and runs:
        return None
    why = "is not this repository's" if runs else "does not exist"
    return f"the git hooks are not installed: they run {python}, which {why}"


def _calls_hooks(folder: Path) -> bool:
    """Whether the hook in another folder calls the repository's own, or pre-commit itself."""
    hooks = [folder / "pre-commit"]
    if folder.name == "_":  # husky calls the script next to its folder
        hooks.append(folder.parent / "pre-commit")
    texts = (file.read_text(errors="replace") for file in hooks if file.is_file())
    return any(CALLS.search(text) for text in texts)


def _redirected(used: Path, root: Path) -> Problem:
    asked = git.ask("config", "--show-scope", "--get", "core.hooksPath", root=root).stdout.split()
    scope = asked[0] if asked else "unknown"
    fix = f"in {used / 'pre-commit'}: `{CHAIN}`"
    if scope in ("local", "worktree"):
        fix += f"; or `git config --{scope} --unset-all core.hooksPath`"
    return Problem(
        Kind.REDIRECTED,
        f"core.hooksPath is set ({scope}), so Git looks for hooks in {used}, and does not run the "
        "repository's own",
        fix,
    )

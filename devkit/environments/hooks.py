"""Git hooks: whether Git runs pre-commit at every commit, and how to install it.

A repository has one folder of hooks, which all of its worktrees share, so its hook may run the
tools of any of them: pre-commit looks for its configuration in the worktree of the commit. Below
the top of a repository, the hook goes by the top's configuration if there is one, which then has to
run the checks of this folder too, or else by one that is made from the root's: see `hook_config`.
"""

import enum
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from devkit.core import files, git, processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, TOOLS
from devkit.environments import hook_config
from devkit.kit import record

KITS_OWN = "devkit/kit/hooks.yaml"  # a configuration with the kit's hooks alone
# What a hook in another folder, for all repositories of a machine, has to do.
CHAIN = 'own=$(git rev-parse --git-common-dir)/hooks/pre-commit; [ ! -x "$own" ] || "$own" "$@"'
CALLS = re.compile(r"^[^#\n]*(pre[-_]commit|git-common-dir|GIT_DIR|GIT_COMMON_DIR)", re.MULTILINE)
PYTHON = re.compile(r"^INSTALL_PYTHON=(.+)$", re.MULTILINE)
ARGUMENTS = re.compile(r"^ARGS=\((.*)\)$", re.MULTILINE)


class Kind(enum.Enum):
    """Why Git does not run the hooks."""

    NO_GIT = enum.auto()
    NO_REPOSITORY = enum.auto()
    UNSAFE = enum.auto()
    UNREADABLE = enum.auto()
    UNCALLED = enum.auto()
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
        asked = git.ask("rev-parse", "--is-inside-work-tree", root=root)
        if asked.stdout.strip() != "true" or git.is_left_out(root):
            return _unusable(asked.stderr.strip().partition("\n")[0], root)
        wanted = _configuration(root)
    except DevkitError as error:
        kind = Kind.NO_GIT if os.path.lexists(root / ".git") else Kind.NO_REPOSITORY
        return Problem(kind, error.what, error.fix or "")
    if isinstance(wanted, Problem):
        return wanted
    common = git.ask("rev-parse", "--git-common-dir", root=root).stdout.strip()
    own = Path(os.path.normpath(root / common)) / "hooks"
    if found := _not_installed(own / "pre-commit", root, wanted):
        return found
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
    call. On branches without a configuration of pre-commit, it does nothing. A hook that is there
    goes on being run.

    Raises:
        DevkitError: if pre-commit refuses, or its configuration can't be read.
    """
    number = int(os.environ.get("GIT_CONFIG_COUNT", "0"))
    env = clean_environment() | {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": "core.hooksPath",
        f"GIT_CONFIG_VALUE_{number}": "",
    }
    config, prefix = _configuration(ROOT), git.prefix(ROOT)
    if isinstance(config, Problem):
        raise DevkitError(config.what, fix=config.fix)
    if config == prefix + hook_config.MADE:
        hook_config.write(ROOT, prefix)
    elif not prefix and _is_theirs():
        config = KITS_OWN
    done = processes.run(
        [TOOLS / "bin" / "python", "-P", "-m", "pre_commit", "install", "--allow-missing-config",
         "--config", config],
        cwd=git.top(ROOT),
        env=env,
    )  # fmt: skip
    if done.code:
        raise DevkitError(
            f"the git hooks can't be installed\n{done.combined}",
            fix="resolve what pre-commit reports, then run `invoke setup`",
        )
    return "installed"


def _is_theirs() -> bool:
    """Whether the configuration was there before the kit: its hooks may need to be downloaded."""
    written = record.read(ROOT)
    return written is not None and written.hooks == "theirs"


def _configuration(root: Path) -> str | Problem:
    """The path, from the top, of what Git's hook is to go by; or why that would run nothing here.

    Raises:
        DevkitError: if it can't be read.
    """
    prefix = git.prefix(root)
    if not prefix:
        return hook_config.FILE
    theirs = git.top(root) / hook_config.FILE
    here = prefix.rstrip("/")
    if theirs.exists():
        lines = files.read_text(theirs).splitlines()
        if any(here in line and "tasks.py" in line for line in lines):
            return hook_config.FILE
        return _uncalled(f"{theirs} runs none of the checks of {here}", theirs, prefix)
    if (root / hook_config.FILE).exists():
        try:
            hook_config.made(root, prefix)
        except DevkitError as error:
            return Problem(Kind.UNCALLED, error.what, error.fix or "")
        return prefix + hook_config.MADE
    return _uncalled(f"neither {theirs} nor one in {here} is there", theirs, prefix)


def _uncalled(what: str, config: Path, prefix: str) -> Problem:
    python, tasks = (shlex.quote(prefix + name) for name in (".venv-tools/bin/python", "tasks.py"))
    return Problem(
        Kind.UNCALLED,
        f"{what}, so Git does not run them at a commit",
        f"in {config}, a `repo: local` with hooks whose `entry` is `{python} {tasks} check "
        "--staged`, `... lock --check --staged` and `... derive --check --staged`",
    )


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


def _not_installed(hook: Path, root: Path, config: str) -> Problem | None:
    """Why a file is not a hook that runs this checkout's configuration; None if it is one."""

    def missing(why: str = "") -> Problem:
        return Problem(Kind.MISSING, f"the git hooks are not installed{why}", "`invoke setup`")

    try:
        text = hook.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return missing()
    found = PYTHON.search(text)
    if found is None:  # written by hand
        return None if TOOLS.name in text else missing()
    prefix = git.prefix(root)
    given = shlex.split(" ".join(ARGUMENTS.findall(text)))
    named = [word.removeprefix("--config=") for word in given if word.startswith("--config=")]
    used = named[0] if named else hook_config.FILE
    python = Path(found[1].strip("'\""))
    ours = python.parents[1] in _tools(root, prefix)
    if prefix and used not in (config, prefix + hook_config.MADE) and not ours:
        top = git.top(root)
        return _uncalled(f"{hook} goes by {top / used}", top / hook_config.FILE, prefix)
    if not os.access(python, os.X_OK):
        return missing(f": they run {python}, which does not exist")
    # A pre-commit of the user's own will do, but not another checkout's, which may go any time.
    if TOOLS.name in python.parts and not ours:
        return missing(f": they run {python}, which is not this repository's")
    if prefix and used != config:
        return missing(f": they go by {used}")
    if config == prefix + hook_config.MADE and not hook_config.is_fresh(root, prefix):
        return missing(f": {config} is out of date")
    return None


def _tools(root: Path, prefix: str) -> list[Path]:
    """The tools' environments of a checkout and of its worktrees."""
    listed = git.ask("worktree", "list", "--porcelain", root=root).stdout.splitlines()
    worktrees = [Path(line.removeprefix("worktree ")) for line in listed if line[:9] == "worktree "]
    return [folder / TOOLS.name for folder in (root, *(each / prefix for each in worktrees))]


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

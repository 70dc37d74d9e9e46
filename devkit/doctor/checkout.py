"""Checks of the checkout: Git and its hooks, secrets, generated files, file ownership."""

import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from devkit.core import git as git_program
from devkit.core.errors import DevkitError
from devkit.doctor.findings import Context, Finding, Rule, Severity, may_write, quoted
from devkit.environments import hooks
from devkit.generated import files as generated

NO_GIT = Rule(
    "git-missing",
    what="git is not installed",
    why="commits, hooks and `--affected` need it",
    fix="install it (on Debian and Ubuntu: `sudo apt install git`)",
)
UNSAFE = Rule(
    "git-unsafe",
    what="Git refuses the checkout: it belongs to another user",
    why="commands that need Git fail",
    fix="`git config --global --add safe.directory ROOT`",
)
BROKEN = Rule(
    "git-broken",
    what="Git can't read the repository of the checkout (a worktree whose repository has moved?)",
    why="nothing can be committed, and commands that need Git fail",
    fix="what Git's message says; for a worktree, `git worktree repair` in its repository",
)
NO_CHECKOUT = Rule(
    "no-checkout",
    what="this folder is not a Git repository (a downloaded archive?)",
    why="nothing can be committed, and changes can't be detected",
    fix="`git clone` the repository",
    severity=Severity.WARNING,
)
UNCALLED = Rule(
    "hooks-not-called",
    what="this folder is below the top of its repository, whose Git hook does not run its checks",
    why="commits that break a team are not refused: only CI finds them",
    fix="call them in the configuration of pre-commit at the top",
    severity=Severity.WARNING,
)
HOOKS_PATH = Rule(
    "hooks-path",
    what="core.hooksPath is set, and the hook there does not call the repository's",
    why="commits that break a team are not refused: only CI finds them",
    fix=f"call the repository's hook from the one in that folder: `{hooks.CHAIN}`",
    severity=Severity.WARNING,
)
HOOKS = Rule(
    "hooks-missing",
    what="the git hooks are not installed, or run the tools of a folder that is gone",
    why="commits that break a team are not refused, or every commit is",
    fix="`invoke setup`",
    safe=True,
)
ENV_READABLE = Rule(
    "env-readable",
    what="a .env is readable by every user of this machine",
    why="it holds a team's secrets",
    fix="`chmod 600 FILE`",
    safe=True,
)
ENV_TRACKED = Rule(
    "env-tracked",
    what="a .env is tracked by Git",
    why="its secrets are pushed to everyone who can read the repository",
    fix="`git rm --cached FILE`, then replace the secrets, which are in the history",
)
DERIVED = Rule(
    "derived-stale",
    what="a generated file is out of date",
    why="editors and deployments may list other teams, and commits are refused",
    fix="`invoke derive`",
    severity=Severity.WARNING,
)
FOREIGN = Rule(
    "not-writable",
    what="the checkout or a team's folder is not writable by this user",
    why="environments can't be built there (was a command run as root?)",
    fix="`sudo chown -R USER ROOT`",
)


RULES = {
    hooks.Kind.NO_GIT: NO_GIT,
    hooks.Kind.NO_REPOSITORY: NO_CHECKOUT,
    hooks.Kind.UNSAFE: UNSAFE,
    hooks.Kind.UNREADABLE: BROKEN,
    hooks.Kind.UNCALLED: UNCALLED,
    hooks.Kind.MISSING: HOOKS,
    hooks.Kind.REDIRECTED: HOOKS_PATH,
}


def git(context: Context) -> Iterator[Finding]:
    """`git-missing`, `git-unsafe`, `git-broken`, `no-checkout`, `hooks-...`."""
    if found := hooks.problem(context.root):
        rule = RULES[found.kind]
        yield rule.finding(
            found.what, fix=found.fix, repair=hooks.install if rule is HOOKS else None
        )


def secrets(context: Context) -> Iterator[Finding]:
    """`env-readable`, `env-tracked`."""
    files = [context.root / ".env", *(team.env_file for team in context.teams)]
    for file in filter(Path.exists, files):
        name = file.relative_to(context.root)
        if file.stat().st_mode & stat.S_IROTH:
            yield ENV_READABLE.finding(
                f"{name} is readable by every user of this machine",
                fix=f"`chmod 600 {name}`",
                repair=partial(make_private, file),
            )
    names = [str(file.relative_to(context.root)) for file in files]
    try:
        listed = git_program.ask("ls-files", "--", *names, root=context.root).stdout.splitlines()
    except DevkitError:  # the check `git` above reports it
        return
    for tracked in listed:
        yield ENV_TRACKED.finding(
            f"{tracked} is tracked by Git",
            fix=f"`git rm --cached {tracked}`, then replace the secrets, which are in the history",
        )


def make_private(file: Path) -> str:
    """Allow only a file's owner to read and write it."""
    file.chmod(0o600)
    return "only its owner can read it now"


def derivation(context: Context) -> Iterator[Finding]:
    """`derived-stale`."""
    if context.teams and (stale := generated.stale(generated.files(context.teams))):
        names = ", ".join(str(path.relative_to(context.root)) for path in stale)
        yield DERIVED.finding(f"out of date: {names}")


def ownership(context: Context) -> Iterator[Finding]:
    """`not-writable`."""
    folders = [context.root, *(team.directory for team in context.teams)]
    if closed := [folder for folder in folders if not may_write(folder)]:
        yield FOREIGN.finding(
            f"not writable by this user: {', '.join(map(str, closed))}",
            fix=f'`sudo chown -R "$(id -u)" {quoted(*closed)}`',
        )

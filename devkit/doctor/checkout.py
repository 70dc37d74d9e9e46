"""The checkout: git, its hooks, secrets, what is derived, whose the files are."""

import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from devkit.core import git as git_program
from devkit.core.errors import DevkitError
from devkit.doctor.findings import Context, Finding, Rule, Severity, may_write, quoted
from devkit.environments import hooks

NO_GIT = Rule(
    "git-missing",
    what="git is not installed",
    why="commits, hooks and `--affected` need it",
    fix="install it (on Debian and Ubuntu: `sudo apt install git`)",
)
UNSAFE = Rule(
    "git-unsafe",
    what="git takes the checkout for somebody else's",
    why="it refuses to read it, so no command that asks git works",
    fix="`git config --global --add safe.directory ROOT`",
)
NO_CHECKOUT = Rule(
    "no-checkout",
    what="this folder is no git checkout, but an archive say",
    why="nothing can be committed, and nobody knows what changed",
    fix="`git clone` the repository",
    severity=Severity.WARNING,
)
HOOKS_PATH = Rule(
    "hooks-path",
    what="core.hooksPath is set",
    why="git looks for hooks there, so the repository's do not run",
    fix="`git config --unset-all core.hooksPath`, with `--global` if it is set there",
)
HOOKS = Rule(
    "hooks-missing",
    what="the git hooks are not installed, or are another folder's",
    why="a commit that breaks another team is not refused",
    fix="`invoke setup`",
    safe=True,
)
ENV_READABLE = Rule(
    "env-readable",
    what="a .env can be read by everybody on this machine",
    why="it holds a team's secrets",
    fix="`chmod 600 FILE`",
    safe=True,
)
ENV_TRACKED = Rule(
    "env-tracked",
    what="a .env is tracked by git",
    why="its secrets are pushed to everybody who can read the repository",
    fix="`git rm --cached FILE`, then change the secrets: they are in the history",
)
DERIVED = Rule(
    "derived-stale",
    what="a file that is derived from the registry is not what the registry makes it",
    why="editors, deployments or documentation are told of other teams; a commit is refused",
    fix="`invoke derive`",
    severity=Severity.WARNING,
)
FOREIGN = Rule(
    "not-writable",
    what="this user may not write to the checkout, or to a team's folder",
    why="environments can't be built there (a command was run as root once, say)",
    fix="`sudo chown -R USER ROOT`",
)


def git(context: Context) -> Iterator[Finding]:
    """`git-missing`, `git-unsafe`, `no-checkout`, `hooks-path`, `hooks-missing`."""
    if not (context.root / ".git").exists():
        yield NO_CHECKOUT.finding(f"{context.root} is no git checkout")
        return
    try:
        asked = git_program.ask("rev-parse", "--is-inside-work-tree", root=context.root)
    except DevkitError:
        yield NO_GIT.finding("git is not installed")
        return
    if "dubious ownership" in asked.stderr:
        yield UNSAFE.finding(
            f"git takes {context.root} for somebody else's",
            fix=f"`git config --global --add safe.directory {quoted(context.root)}`",
        )
        return
    path = git_program.ask(
        "config", "--show-scope", "--get", "core.hooksPath", root=context.root
    ).stdout.split()
    if path:
        scope, *rest = path
        yield HOOKS_PATH.finding(
            f"core.hooksPath is set ({scope}): {' '.join(rest)}",
            fix=f"`git config --{scope} --unset-all core.hooksPath`",
        )
    elif not hooks.installed():
        yield HOOKS.finding("the git hooks are not installed", repair=hooks.install)


def secrets(context: Context) -> Iterator[Finding]:
    """`env-readable`, `env-tracked`."""
    files = [context.root / ".env", *(team.env_file for team in context.teams)]
    for file in filter(Path.exists, files):
        name = file.relative_to(context.root)
        if file.stat().st_mode & stat.S_IROTH:
            yield ENV_READABLE.finding(
                f"{name} can be read by everybody on this machine",
                fix=f"`chmod 600 {name}`",
                repair=partial(close, file),
            )
    if (context.root / ".git").exists():
        # Where git does not answer, `git` above says so.
        names = [str(file.relative_to(context.root)) for file in files]
        try:
            listed = git_program.ask(
                "ls-files", "--", *names, root=context.root
            ).stdout.splitlines()
        except DevkitError:
            return
        for tracked in listed:
            yield ENV_TRACKED.finding(
                f"{tracked} is tracked by git",
                fix=f"`git rm --cached {tracked}`, then change the secrets: "
                "they are in the history",
            )


def close(file: Path) -> str:
    """Let its owner alone read and write a file."""
    file.chmod(0o600)
    return "only its owner can read it now"


def derivation(context: Context) -> Iterator[Finding]:
    """`derived-stale`."""
    from devkit.generated import (
        files as generated,  # which has the table of all that the doctor finds
    )

    if context.teams and (stale := generated.stale(generated.files(context.teams))):
        names = ", ".join(str(path.relative_to(context.root)) for path in stale)
        yield DERIVED.finding(f"not what the registry makes it: {names}")


def ownership(context: Context) -> Iterator[Finding]:
    """`not-writable`."""
    rooms = [context.root, *(team.directory for team in context.teams)]
    if closed := [folder for folder in rooms if not may_write(folder)]:
        yield FOREIGN.finding(
            f"this user may not write to {', '.join(map(str, closed))}",
            fix=f'`sudo chown -R "$(id -u)" {quoted(*closed)}`',
        )

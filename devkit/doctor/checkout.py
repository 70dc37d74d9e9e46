"""The checkout: git, its hooks, secrets, what is derived, whose the files are."""

import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from devkit import processes, setup
from devkit.bootstrap import clean_environment
from devkit.doctor.findings import Finding, Kind, Site, may_write, quoted
from devkit.processes import Finished

NO_GIT = Kind(
    "git-missing",
    what="git is not installed",
    why="commits, hooks and `--affected` need it",
    mend="install it (on Debian and Ubuntu: `sudo apt install git`)",
)
UNSAFE = Kind(
    "git-unsafe",
    what="git takes the checkout for somebody else's",
    why="it refuses to read it, so no command that asks git works",
    mend="`git config --global --add safe.directory ROOT`",
)
NO_CHECKOUT = Kind(
    "no-checkout",
    what="this folder is no git checkout, but an archive say",
    why="nothing can be committed, and nobody knows what changed",
    mend="`git clone` the repository",
    grave=False,
)
HOOKS_PATH = Kind(
    "hooks-path",
    what="core.hooksPath is set",
    why="git looks for hooks there, so the repository's do not run",
    mend="`git config --unset-all core.hooksPath`, with `--global` if it is set there",
)
HOOKS = Kind(
    "hooks-missing",
    what="the git hooks are not installed, or are another folder's",
    why="a commit that breaks another team is not refused",
    mend="`invoke setup`",
    safe=True,
)
ENV_READABLE = Kind(
    "env-readable",
    what="a .env can be read by everybody on this machine",
    why="it holds a team's secrets",
    mend="`chmod 600 FILE`",
    safe=True,
)
ENV_TRACKED = Kind(
    "env-tracked",
    what="a .env is tracked by git",
    why="its secrets are pushed to everybody who can read the repository",
    mend="`git rm --cached FILE`, then change the secrets: they are in the history",
)
DERIVED = Kind(
    "derived-stale",
    what="a file that is derived from the registry is not what the registry makes it",
    why="editors, deployments or documentation are told of other teams; a commit is refused",
    mend="`invoke derive`",
    grave=False,
)
FOREIGN = Kind(
    "not-writable",
    what="this user may not write to the checkout, or to a team's folder",
    why="environments can't be built there (a command was run as root once, say)",
    mend="`sudo chown -R USER ROOT`",
)


def git(site: Site) -> Iterator[Finding]:
    """`git-missing`, `git-unsafe`, `no-checkout`, `hooks-path`, `hooks-missing`."""
    if not (site.root / ".git").exists():
        yield NO_CHECKOUT.found(f"{site.root} is no git checkout")
        return
    try:
        asked = ask_git(site, "rev-parse", "--is-inside-work-tree")
    except FileNotFoundError:
        yield NO_GIT.found("git is not installed")
        return
    if "dubious ownership" in asked.errors:
        yield UNSAFE.found(
            f"git takes {site.root} for somebody else's",
            mend=f"`git config --global --add safe.directory {quoted(site.root)}`",
        )
        return
    path = ask_git(site, "config", "--show-scope", "--get", "core.hooksPath").output.split()
    if path:
        scope, *rest = path
        yield HOOKS_PATH.found(
            f"core.hooksPath is set ({scope}): {' '.join(rest)}",
            mend=f"`git config --{scope} --unset-all core.hooksPath`",
        )
    elif not setup.hooks_installed():
        yield HOOKS.found("the git hooks are not installed", fix=setup.install_hooks)


def secrets(site: Site) -> Iterator[Finding]:
    """`env-readable`, `env-tracked`."""
    files = [site.root / ".env", *(team.env_file for team in site.teams)]
    for file in filter(Path.exists, files):
        name = file.relative_to(site.root)
        if file.stat().st_mode & stat.S_IROTH:
            yield ENV_READABLE.found(
                f"{name} can be read by everybody on this machine",
                mend=f"`chmod 600 {name}`",
                fix=partial(close, file),
            )
    if (site.root / ".git").exists():
        # Where git does not answer, `git` above says so.
        names = [str(file.relative_to(site.root)) for file in files]
        try:
            listed = ask_git(site, "ls-files", "--", *names).output.splitlines()
        except FileNotFoundError:
            return
        for tracked in listed:
            yield ENV_TRACKED.found(
                f"{tracked} is tracked by git",
                mend=f"`git rm --cached {tracked}`, then change the secrets: "
                "they are in the history",
            )


def close(file: Path) -> str:
    """Let its owner alone read and write a file."""
    file.chmod(0o600)
    return "only its owner can read it now"


def derivation(site: Site) -> Iterator[Finding]:
    """`derived-stale`."""
    from devkit import derived  # which has the table of all that the doctor finds

    if site.teams and (stale := derived.stale(site.teams)):
        names = ", ".join(str(path.relative_to(site.root)) for path in stale)
        yield DERIVED.found(f"not what the registry makes it: {names}")


def ownership(site: Site) -> Iterator[Finding]:
    """`not-writable`."""
    rooms = [site.root, *(team.directory for team in site.teams)]
    if closed := [folder for folder in rooms if not may_write(folder)]:
        yield FOREIGN.found(
            f"this user may not write to {', '.join(map(str, closed))}",
            mend=f'`sudo chown -R "$(id -u)" {quoted(*closed)}`',
        )


def ask_git(site: Site, *arguments: str) -> Finished:
    """Ask git about the checkout; it takes no lock and speaks English.

    Raises:
        FileNotFoundError: if git is not installed.
    """
    env = {**clean_environment(), "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    return processes.run(("git", *arguments), cwd=site.root, env=env)

"""What there is, and what changed since a branch, tag or commit: all that is asked of git."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devkit import processes
from devkit.bootstrap import ROOT, clean_environment
from devkit.errors import DevkitError
from devkit.processes import Finished

# No setting of the user's may hide a file; a rename is a deletion and an addition.
DIFF = ("diff", "--name-only", "--no-renames", "--ignore-submodules=none", "-z")
# How git's hooks and GitHub's events say that there was no commit before.
NOTHING = re.compile(r"0{40}|0{64}")
UNTRACKED = ("ls-files", "--others", "--exclude-standard", "-z")


@dataclass(frozen=True)
class Changes:
    """What differs from a base: sorted paths below the root, with `/` between their parts.

    `start` is the commit compared with, the merge base wherever there is one; `note` is a
    sentence that says so where there is none.
    """

    base: str
    start: str
    files: tuple[str, ...]
    note: str | None = None


def changed_files(base: str, root: Path = ROOT) -> Changes:
    """The files that HEAD, the index or the working tree have otherwise than `base` had.

    That is what a push, a commit or a run would take, from where HEAD's history left that of
    `base`; untracked files too, ignored ones not. In a git hook it is the hook's own index.

    Raises:
        DevkitError: if git is not installed, `root` is not the top of a checkout with a
            commit, or `base` is not there.
    """
    _require_checkout(root)
    if NOTHING.fullmatch(base):
        empty = _git(root, "hash-object", "-t", "tree", os.devnull).output.strip()
        new = _list(root, (*DIFF, empty, "--")) + _list(root, UNTRACKED)
        return Changes(base, empty, tuple(sorted(new)), "before this there was nothing")
    tip = _commit(base, root)
    if tip is None:
        raise _no_base(base, root)
    common = _git(root, "merge-base", tip, "HEAD")
    start = tip if common.code else common.output.strip()
    listings = [(*DIFF, start, "HEAD", "--"), (*DIFF, "--cached", start, "--"),
                (*DIFF, start, "--"), UNTRACKED]  # fmt: skip
    files = {file for listing in listings for file in _list(root, listing)}
    note = _no_history(base, root) if common.code else None
    return Changes(base, start, tuple(sorted(files)), note)


def present_files(root: Path = ROOT) -> list[str]:
    """The files in the working tree that git tracks, or would: sorted paths below the root.

    Raises:
        DevkitError: if git is not installed or `root` is not the top of a checkout.
    """
    _require_checkout(root)
    listed = {*_list(root, ("ls-files", "--cached", "-z")), *_list(root, UNTRACKED)}
    return sorted(file for file in listed if os.path.lexists(root / file))


def text_at(commit: str, file: str, root: Path = ROOT) -> str | None:
    """The text that a file had at a commit; None if it was not there."""
    done = _git(root, "cat-file", "blob", f"{commit}:{file}")
    return None if done.code else done.output


def _require_checkout(root: Path) -> None:
    asked = _git(root, "rev-parse", "--is-inside-work-tree", "--show-prefix")
    if asked.code or asked.output.splitlines() != ["true", ""]:
        if "dubious ownership" in asked.errors:
            raise DevkitError(
                f"git reads no checkout that is somebody else's: {root}",
                mend=f"`git config --global --add safe.directory {root}`",
            )
        raise DevkitError(
            f"what changed is not known: {root} is not the top of a git checkout",
            expected="a clone of the repository",
            found=asked.errors.partition("\n")[0] or "a folder inside another checkout",
            mend="`git clone` the repository, and run this in the clone",
        )
    if _commit("HEAD", root) is None:
        raise DevkitError(
            "nothing can be compared: this checkout has no commit yet",
            mend="`git add --all`, then `git commit`",
        )


def _commit(name: str, root: Path) -> str | None:
    done = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return None if done.code else done.output.strip()


def _list(root: Path, arguments: Sequence[str]) -> list[str]:
    done = _git(root, *arguments)
    if done.code:
        raise DevkitError(f"`git {' '.join(arguments)}` failed", found=done.errors.strip())
    return list(filter(None, done.output.split("\0")))


def _git(root: Path, *arguments: str) -> Finished:
    """Ask git, with what it set for a hook, if this is one; it takes no lock and speaks English."""
    env = {**clean_environment(), "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return processes.run(("git", *arguments), cwd=root, env=env)
    except FileNotFoundError:
        raise DevkitError(
            "git is not installed, and only git knows what changed",
            mend="install it (on Debian and Ubuntu: `sudo apt install git`)",
        ) from None


def _no_base(base: str, root: Path) -> DevkitError:
    """The error for a base that is not there, with the command that fetches it."""
    shallow = _is_shallow(root)
    branch = re.split(r"[~^:]|@\{", base.removeprefix("refs/remotes/"))[0]
    remotes = _git(root, "remote").output.split()
    remote = next((name for name in remotes if branch.startswith(f"{name}/")), None)
    what = ["--unshallow"] if shallow else []
    if remote:  # the whole refspec: a clone of one branch has no other one's
        branch = branch.removeprefix(f"{remote}/")
        what.append(f"{remote} {branch}:refs/remotes/{remote}/{branch}")
    return DevkitError(
        f"the base {base!r} is not there",
        expected="a branch, tag or commit of this repository",
        found=f"no such commit in this {'shallow clone' if shallow else 'checkout'}",
        mend=f"`git fetch {' '.join(what)}`" if what else "name one of `git branch --all`",
    )


def _no_history(base: str, root: Path) -> str:
    """The sentence for a base and a HEAD without a common ancestor."""
    doubt = f"so this compares with {base} itself and may name too many teams"
    if _is_shallow(root):
        return (
            f"where HEAD left {base} is not in this shallow clone, {doubt}: "
            "`git fetch --unshallow` fetches the rest"
        )
    return f"{base} and HEAD have no common history, {doubt}: `--base` names another"


def _is_shallow(root: Path) -> bool:
    return _git(root, "rev-parse", "--is-shallow-repository").output.strip() == "true"

"""Runs Git: lists files, finds what changed since a revision, reads old versions."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devkit.core import processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.processes import Completed

# Options that keep the user's settings from hiding a file; a rename is a deletion and an addition.
DIFF = ("diff", "--name-only", "--no-renames", "--ignore-submodules=none", "-z")
# How Git's hooks and GitHub's events write that there was no commit before.
ZERO_SHA = re.compile(r"0{40}|0{64}")
UNTRACKED = ("ls-files", "--others", "--exclude-standard", "-z")


@dataclass(frozen=True)
class Changes:
    """The files that differ from a base: sorted paths relative to the root, separated by `/`.

    `start` is the commit that was compared with: the merge base, if there is one. If not, `note`
    explains it in one sentence.
    """

    base: str
    start: str
    files: tuple[str, ...]
    note: str | None = None


def ask(*arguments: str, root: Path = ROOT, index: Path | None = None) -> Completed:
    """Run Git in a folder; an exit code other than 0 is a result, not an exception.

    In a hook, the variables that Git sets for it are kept; `index` is another index than the
    repository's or the hook's. Takes no optional locks; messages are in English.

    Raises:
        DevkitError: if Git is not installed.
    """
    env = {**clean_environment(), "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    env |= {"GIT_INDEX_FILE": str(index)} if index else {}
    try:
        return processes.run(("git", *arguments), cwd=root, env=env, exact=True)
    except FileNotFoundError:
        raise DevkitError(
            "git is not installed",
            fix="install it (on Debian and Ubuntu: `sudo apt install git`)",
        ) from None


def changed_files(base: str, root: Path = ROOT) -> Changes:
    """The files that differ between `base` and HEAD, the index or the work tree.

    Compares with the merge base of HEAD and `base`. Includes untracked files, but not ignored
    ones. In a Git hook, the index is the hook's own.

    Raises:
        DevkitError: if Git is not installed, `root` is not the root of a work tree with a
            commit, or `base` is not found.
    """
    _require_work_tree(root)
    if ZERO_SHA.fullmatch(base):
        empty = _empty_tree(root)
        new = _list(root, (*DIFF, empty, "--")) + _list(root, UNTRACKED)
        return Changes(base, empty, tuple(sorted(new)), "there was no commit before this")
    tip = _commit(base, root)
    if tip is None:
        raise _no_base(base, root)
    common = ask("merge-base", tip, "HEAD", root=root)
    start = tip if common.code else common.stdout.strip()
    listings = [(*DIFF, start, "HEAD", "--"), (*DIFF, "--cached", start, "--"),
                (*DIFF, start, "--"), UNTRACKED]  # fmt: skip
    files = {file for listing in listings for file in _list(root, listing)}
    note = _no_history(base, root) if common.code else None
    return Changes(base, start, tuple(sorted(files)), note)


def staged_files(root: Path = ROOT) -> Changes:
    """The files that the next commit changes: those in the index that differ from HEAD.

    Of a merge, those that differ from every parent: the others are another commit's change. In a
    Git hook, the index is the hook's own. `start` is HEAD, or the empty tree before the first
    commit.

    Raises:
        DevkitError: if Git is not installed, or `root` is not the root of a work tree.
    """
    _require_work_tree(root, commit=False)
    head = _commit("HEAD", root) or _empty_tree(root)
    merged = root / ask("rev-parse", "--git-path", "MERGE_HEAD", root=root).stdout.strip()
    others = merged.read_text(encoding="utf-8").split() if merged.exists() else []
    changed = [set(_list(root, (*DIFF, "--cached", parent, "--"))) for parent in (head, *others)]
    return Changes("HEAD", head, tuple(sorted(set.intersection(*changed))))


def differs_from_index(paths: Sequence[str], root: Path = ROOT) -> bool:
    """Whether the work tree has other files than the index; `paths` are patterns of Git.

    Ignored files do not count.
    """
    changed = ask("diff", "--quiet", "--ignore-submodules=all", "--", *paths, root=root)
    return changed.code != 0 or bool(_list(root, (*UNTRACKED, "--", *paths)))


def staged_tree(root: Path = ROOT) -> str:
    """The tree of what is staged, which the next commit will have.

    Raises:
        DevkitError: if there are conflicts.
    """
    done = ask("write-tree", root=root)
    if done.code:
        raise DevkitError("what is staged is no complete commit", found=done.stderr.strip())
    return done.stdout.strip()


def index_files(root: Path = ROOT) -> list[str]:
    """The files that Git tracks, in the work tree or not: sorted paths relative to the root.

    Raises:
        DevkitError: if Git is not installed or `root` is not the root of a work tree.
    """
    _require_work_tree(root)
    return sorted(set(_list(root, ("ls-files", "--cached", "-z"))))


def tracked_files(root: Path = ROOT) -> set[Path]:
    """Every file that Git tracks; empty if there is no work tree (a downloaded archive).

    Raises:
        DevkitError: if there is one and Git fails.
    """
    if not (root / ".git").exists():
        return set()
    return {root / name for name in _list(root, ("ls-files", "--cached", "-z"))}


def uncommitted_files(folder: Path) -> list[tuple[str, str]] | None:
    """The uncommitted files of a folder, including ignored ones: Git's two letters, and paths.

    None if the folder is not in a work tree.
    """
    done = ask("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all",
               "--ignored=matching", "--", ".", root=folder)  # fmt: skip
    if done.code:
        return None
    return [(line[:2], line[3:]) for line in done.stdout.split("\0") if line]


def read_at(commit: str, file: str, root: Path = ROOT) -> str | None:
    """The text of a file at a commit; None if it did not exist."""
    done = ask("cat-file", "blob", f"{commit}:{file}", root=root)
    return None if done.code else done.stdout


def repair(root: Path) -> str:
    """What to do about a folder that Git can't use as the root of a work tree."""
    if (root / ".git").is_file():  # of a worktree, or of a submodule
        return (
            "the file .git names a repository that is not there: `git worktree repair` in the "
            "repository; in a container, open a clone instead of a worktree, or mount both"
        )
    return "`git clone` the repository, and run this in the clone"


def _require_work_tree(root: Path, *, commit: bool = True) -> None:
    asked = ask("rev-parse", "--is-inside-work-tree", "--show-prefix", root=root)
    if asked.code or asked.stdout.splitlines() != ["true", ""]:
        if "dubious ownership" in asked.stderr:
            raise DevkitError(
                f"Git refuses this repository: {root} belongs to another user",
                fix=f"`git config --global --add safe.directory {root}`",
            )
        raise DevkitError(
            f"{root} is not the root of a Git work tree",
            expected="a clone of the repository",
            found=asked.stderr.partition("\n")[0] or "a folder inside another work tree",
            fix=repair(root),
        )
    if commit and _commit("HEAD", root) is None:
        raise DevkitError(
            "nothing to compare with: this repository has no commit yet",
            fix="`git add --all`, then `git commit`",
        )


def _empty_tree(root: Path) -> str:
    """The tree without files, which the first commit is compared with."""
    return ask("hash-object", "-t", "tree", "-w", os.devnull, root=root).stdout.strip()


def _commit(name: str, root: Path) -> str | None:
    done = ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", root=root)
    return None if done.code else done.stdout.strip()


def _list(root: Path, arguments: Sequence[str]) -> list[str]:
    done = ask(*arguments, root=root)
    if done.code:
        raise DevkitError(f"`git {' '.join(arguments)}` failed", found=done.stderr.strip())
    return list(filter(None, done.stdout.split("\0")))


def _no_base(base: str, root: Path) -> DevkitError:
    """The error for a base that is not found, with the command that fetches it, if there is one."""
    shallow = _is_shallow(root)
    branch = re.split(r"[~^:]|@\{", base.removeprefix("refs/remotes/"))[0]
    remotes = ask("remote", root=root).stdout.split()
    remote = next((name for name in remotes if branch.startswith(f"{name}/")), None)
    what = ["--unshallow"] if shallow else []
    if remote:  # with the refspec: the clone of a single branch is configured to fetch only that
        branch = branch.removeprefix(f"{remote}/")
        what.append(f"{remote} {branch}:refs/remotes/{remote}/{branch}")
    return DevkitError(
        f"revision {base!r} not found",
        expected="a branch, tag or commit of this repository",
        found=f"no such commit in this {'shallow clone' if shallow else 'checkout'}",
        fix=f"`git fetch {' '.join(what)}`" if what else "choose one from `git branch --all`",
    )


def _no_history(base: str, root: Path) -> str:
    """The note for a base and a HEAD without a common ancestor."""
    doubt = f"so this compares with {base} itself and may list too many teams"
    if _is_shallow(root):
        return (
            f"the merge base with {base} is not in this shallow clone, {doubt}: "
            "`git fetch --unshallow` fetches the rest"
        )
    return f"{base} and HEAD have no common history, {doubt}: choose another with `--base`"


def _is_shallow(root: Path) -> bool:
    return ask("rev-parse", "--is-shallow-repository", root=root).stdout.strip() == "true"

"""Runs Git: lists files, finds what changed since a revision, reads old versions.

A `root` is the top of a work tree, or a folder below it: a platform in a larger repository. Paths
are relative to the root, and files outside of it do not count.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devkit.core import missing_base, processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.processes import Completed

# Options that keep the user's settings from hiding a file; a rename is a deletion and an addition.
DIFF = ("diff", "--name-only", "--relative", "--no-renames", "--ignore-submodules=none", "-z")
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


def ask(
    *arguments: str, root: Path = ROOT, index: Path | None = None, stdin: str = ""
) -> Completed:
    """Run Git in a folder; an exit code other than 0 is a result, not an exception.

    In a hook, the variables that Git sets for it are kept; `index` is another index than the
    repository's or the hook's. Takes no optional locks; messages are in English.

    Raises:
        DevkitError: if Git is not installed.
    """
    env = {**clean_environment(), "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    env |= {"GIT_INDEX_FILE": str(index)} if index else {}
    if "GIT_WORK_TREE" not in env and _repository_above(root):
        # In a linked worktree, Git sets it for a hook, and then takes any folder for the top.
        env.pop("GIT_DIR", None)
    try:
        return processes.run(("git", *arguments), cwd=root, env=env, stdin=stdin, exact=True)
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
        DevkitError: if Git is not installed, `root` is not in a work tree with a commit, or
            `base` is not found.
    """
    _require_work_tree(root)
    if ZERO_SHA.fullmatch(base):
        empty = _empty_tree(root)
        new = _list(root, (*DIFF, empty, "--")) + _list(root, UNTRACKED)
        return Changes(base, empty, tuple(sorted(new)), "there was no commit before this")
    tip = _commit(base, root)
    if tip is None:
        remotes = ask("remote", root=root).stdout.split()
        raise missing_base.error(base, shallow=_is_shallow(root), remotes=remotes)
    common = ask("merge-base", tip, "HEAD", root=root)
    start = tip if common.code else common.stdout.strip()
    listings = [(*DIFF, start, "HEAD", "--"), (*DIFF, "--cached", start, "--"),
                (*DIFF, start, "--"), UNTRACKED]  # fmt: skip
    files = {file for listing in listings for file in _list(root, listing)}
    note = missing_base.note(base, shallow=_is_shallow(root)) if common.code else None
    return Changes(base, start, tuple(sorted(files)), note)


def staged_files(root: Path = ROOT) -> Changes:
    """The files that the next commit changes: those in the index that differ from HEAD.

    Of a merge, those that differ from every parent: the others are another commit's change. In a
    Git hook, the index is the hook's own. `start` is HEAD, or the empty tree before the first
    commit.

    Raises:
        DevkitError: if Git is not installed, or `root` is not in a work tree.
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
    """The tree of what is staged, which the next commit will have, from the top of the work tree.

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
        DevkitError: if Git is not installed or `root` is not in a work tree.
    """
    _require_work_tree(root)
    return sorted(set(_list(root, ("ls-files", "--cached", "-z"))))


def tracked_files(root: Path = ROOT) -> set[Path]:
    """Every file that Git tracks; empty if there is no work tree (a downloaded archive).

    Raises:
        DevkitError: if there is one and Git fails.
    """
    if _repository_above(root) is None:
        return set()
    return {root / name for name in _list(root, ("ls-files", "--cached", "-z"))}


def uncommitted_files(folder: Path) -> list[tuple[str, Path]] | None:
    """The uncommitted files of a folder, including ignored ones: Git's two letters, and paths.

    None if the folder is not in a work tree. These paths are absolute.
    """
    done = ask("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all",
               "--ignored=matching", "--", ".", root=folder)  # fmt: skip
    if done.code:
        return None
    above = top(folder)  # which Git's paths are relative to, whatever the settings
    return [(line[:2], above / line[3:]) for line in done.stdout.split("\0") if line]


def read_at(commit: str, file: str, root: Path = ROOT) -> str | None:
    """The text of a file at a commit; None if it did not exist."""
    done = ask("cat-file", "blob", f"{commit}:./{file}", root=root)
    return None if done.code else done.stdout


def top(root: Path = ROOT) -> Path:
    """The top of the work tree that a folder is in; the folder itself if it is in none."""
    done = ask("rev-parse", "--show-toplevel", root=root)
    return (_repository_above(root) or root) if done.code else Path(done.stdout.rstrip("\n"))


def prefix(root: Path = ROOT) -> str:
    """The path of a folder in its work tree, with `/` at its end; empty for the top."""
    return ask("rev-parse", "--show-prefix", root=root).stdout.rstrip("\n")


def repair(root: Path) -> str:
    """What to do about a folder that Git can't use as a work tree."""
    above = _repository_above(root)
    if above and (above / ".git").is_file():  # of a worktree, or of a submodule
        return (
            "the file .git names a repository that is not there: `git worktree repair` in the "
            "repository; in a container, open a clone instead of a worktree, or mount both"
        )
    return "`git clone` the repository, and run this in the clone"


def is_left_out(root: Path) -> bool:
    """Whether the work tree that a folder is in ignores it: it is not part of that repository."""
    ignored = prefix(root) and ask("check-ignore", "--quiet", ".", root=root).code == 0
    return bool(ignored) and not _list(root, ("ls-files", "-z"))


def _require_work_tree(root: Path, *, commit: bool = True) -> None:
    asked = ask("rev-parse", "--is-inside-work-tree", root=root)
    if asked.stdout.strip() != "true" or is_left_out(root):
        if "dubious ownership" in asked.stderr:
            raise DevkitError(
                f"Git refuses this repository: {root} belongs to another user",
                fix=f"`git config --global --add safe.directory {top(root)}`",
            )
        raise DevkitError(
            f"{root} is in no Git work tree",
            expected="a clone of the repository",
            found=asked.stderr.partition("\n")[0] or "a folder that the repository above ignores",
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


def _is_shallow(root: Path) -> bool:
    return ask("rev-parse", "--is-shallow-repository", root=root).stdout.strip() == "true"


def _repository_above(root: Path) -> Path | None:
    """The nearest folder with a `.git`: the root, or one that it is in."""
    return next((each for each in (root, *root.parents) if os.path.lexists(each / ".git")), None)

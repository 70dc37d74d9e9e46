"""Makes commits without touching the work tree, and switches to them: complete, or not at all.

A commit is built in an index and a folder of its own, so that an interruption leaves nothing but
unused objects in Git's store. No hook runs, and nothing is signed: both may ask or download.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.signals import Deferred

NO_HOOKS = ("-c", "core.hooksPath=/dev/null", "-c", "core.safecrlf=false")
EXECUTABLE = 0o755


@dataclass(frozen=True)
class Position:
    """What is checked out: a commit (empty before the first one) and a branch (empty if none)."""

    commit: str
    branch: str


def position(root: Path) -> Position:
    """What is checked out at `root`."""
    commit = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}", root=root).stdout.strip()
    branch = git.ask("symbolic-ref", "--quiet", "--short", "HEAD", root=root).stdout.strip()
    return Position(commit, branch)


def require_identity(root: Path) -> None:
    """Require that Git knows who commits.

    Raises:
        DevkitError: if it does not.
    """
    strict = ("-c", "user.useConfigOnly=true")
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if git.ask(*strict, "var", who, root=root).code:
            raise DevkitError(
                "Git does not know who you are, so nothing can be committed",
                fix="`git config --global user.name NAME` and `git config --global user.email "
                "ADDRESS`",
            )


def require_clean(root: Path) -> None:
    """Require that no tracked file differs from the last commit.

    Raises:
        DevkitError: naming some that do.
    """
    done = git.ask("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no",
                   "--ignore-submodules=dirty", root=root)  # fmt: skip
    changed = [line[3:] for line in done.stdout.split("\0") if line]
    if done.code or changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""  # noqa: PLR2004
        raise DevkitError(
            f"{root} has changes that are not committed",
            expected="a clean work tree: everything is written on a branch of its own",
            found=done.stderr.strip() or ", ".join(changed[:3]) + more,
            fix="`git commit --all`, or `git stash`",
        )


def commit(
    root: Path,
    parent: str,
    files: Mapping[str, bytes | None],
    message: str,
    executable: frozenset[str] = frozenset(),
) -> str:
    """A commit on top of another (or the first one) in which these files are so; returns its id.

    Paths are relative to `root`, which may be a folder of the repository, and may lead out of it;
    None removes a file.

    Raises:
        DevkitError: if Git refuses.
    """
    prefix = _run(root, "rev-parse", "--show-prefix").strip()
    directory = _run(root, "rev-parse", "--absolute-git-dir").strip()
    with tempfile.TemporaryDirectory(prefix="dagteam-commit-") as scratch:
        index, tree = Path(scratch, "index"), Path(scratch, "tree")
        tree.mkdir()
        _run(root, "read-tree", parent or "--empty", index=index)
        for name, content in files.items():
            file = tree / os.path.normpath(prefix + name)
            if content is None:
                _run(root, "update-index", "--force-remove", "--", name, index=index)
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            if name in executable:
                file.chmod(EXECUTABLE)
        _run(tree, *NO_HOOKS, f"--git-dir={directory}", f"--work-tree={tree}", "add",
             "--force", "--ignore-removal", "--", ".", index=index)  # fmt: skip
        made = _run(root, "write-tree", index=index).strip()
    parents = ("-p", parent) if parent else ()
    return _run(root, "commit-tree", made, *parents, "-m", message).strip()


def of_index(root: Path, message: str) -> None:
    """Commit what is staged, without hooks.

    Raises:
        DevkitError: if Git refuses.
    """
    made = _run(root, "write-tree").strip()
    done = _run(root, "commit-tree", made, "-p", "HEAD", "-m", message).strip()
    _run(root, "reset", "--quiet", "--soft", done)


def stage_conflict(root: Path, name: str, versions: Sequence[bytes]) -> None:
    """Have Git know of a conflict: `git status` shows it, and `git commit` refuses it.

    `versions` are the contents before, here and there.

    Raises:
        DevkitError: if Git refuses.
    """
    prefix = _run(root, "rev-parse", "--show-prefix").strip()
    rows = []
    with tempfile.TemporaryDirectory(prefix="dagteam-conflict-") as scratch:
        for stage, content in enumerate(versions, start=1):
            file = Path(scratch, str(stage))
            file.write_bytes(content)
            blob = _run(root, "hash-object", "-w", "--", str(file)).strip()
            rows.append(f"100644 {blob} {stage}\t{prefix}{name}\n")
        _run(root, "update-index", "--force-remove", "--", name)
        _run(root, "update-index", "--index-info", stdin="".join(rows))


@contextmanager
def switched(root: Path, branch: str, commit: str) -> Iterator[None]:
    """Check out a commit on a new branch; if the block fails, everything is as it was before.

    Raises:
        DevkitError: if Git refuses: a file is in the way, or the branch exists.
    """
    before = position(root)
    try:
        with Deferred():
            _checkout(root, "--no-track", "-b", branch, commit)
        yield
    except BaseException:
        with Deferred():
            _return(root, before, branch)
        raise


def delete(root: Path, branch: str) -> None:
    """Delete a branch that is not checked out, merged or not."""
    git.ask("branch", "--quiet", "-D", branch, root=root)


def _return(root: Path, before: Position, branch: str) -> None:
    """Check out what was, and delete the branch if it is the one that was checked out."""
    if position(root).branch != branch:
        return
    if before.commit:
        _checkout(root, "--force", before.branch or before.commit)
    else:  # there was no commit yet
        _run(root, "rm", "-r", "-f", "--quiet", "--ignore-unmatch", "--", ":/")
        _run(root, "symbolic-ref", "HEAD", f"refs/heads/{before.branch}")
    delete(root, branch)


def _checkout(root: Path, *arguments: str) -> None:
    done = git.ask(*NO_HOOKS, "checkout", "--quiet", *arguments, root=root)
    if done.code:
        raise DevkitError(
            f"`git checkout {' '.join(arguments)}` failed; nothing was changed",
            found=done.stderr.strip(),
            fix="resolve what Git reports, then run the command again",
        )


def _run(root: Path, *arguments: str, index: Path | None = None, stdin: str = "") -> str:
    """Run Git, which fails here if a file or an object can't be written."""
    done = git.ask(*arguments, root=root, index=index, stdin=stdin)
    if done.code:
        raise DevkitError(
            "the commit can't be made; nothing was changed",
            found=done.stderr.strip(),
            fix="resolve what Git reports, then run the command again",
        )
    return done.stdout

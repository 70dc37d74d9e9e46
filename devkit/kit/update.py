"""Brings a newer kit into a repository, on a branch of its own, or changes nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from devkit.core import git, output, parallel
from devkit.core.errors import DevkitError
from devkit.core.parallel import Outcome
from devkit.core.wording import counted
from devkit.kit import base, commits, merge, record, sources
from devkit.kit.base import Adopted, Base
from devkit.kit.contents import Source
from devkit.kit.merge import Merge
from devkit.kit.record import digest
from devkit.kit.run import Run, task

BRANCH = "dagteam/update-{}"
# By the new kit. The last one may find something: then that is told, and the update is committed.
STEPS = (("lock",), ("derive",))
CHECK = ("check",)
UNTRACKED = ("ls-files", "--others", "--exclude-standard", "-z")
AFTER_CONFLICTS = """Resolve them, `git add` each file, then
  python3 tasks.py kit --migrate {version}
  python3 tasks.py lock
  python3 tasks.py derive
  python3 tasks.py check
  git commit --all"""


def update(root: Path, name: str, run: Run = task) -> bool:
    """Bring the kit of a source (a folder, or the URL of a repository) into the one at `root`.

    Returns whether everything is green: no conflict is left, and `check` finds nothing new.

    Raises:
        DevkitError: if it can't be done; nothing is changed then.
    """
    commits.require_identity(root)
    commits.require_clean(root)
    with sources.opened(name) as source:
        before = base.find(root, source)
        theirs = before.theirs()
        found = merge.merged(
            root, sorted({*before.names, *theirs}), before.content, before.unchanged, theirs
        )
        if not found.changes and not found.conflicts:
            output.info(f"up to date: {source.version}")
            return True
        branch = _branch(root, source)
        for line in found.kept:
            output.info(f"note: {line}")
        with _undone_if_it_fails(root, branch):
            _write(root, found, _record(before, source, theirs))
            if found.conflicts:
                _print_conflicts(found, branch, before.version)
                return False
            green = _finish(root, before.version, run)
            _commit(root, f"Update DagTeam to {source.version}\n\nFrom {before.version}.\n")
    output.info(
        f"on branch {branch}: {before.version} -> {source.version}, "
        f"{counted(len(found.changes), 'file')} of the kit. Review it, then merge it."
    )
    return green


def _branch(root: Path, source: Source) -> str:
    """The name of the new branch.

    Raises:
        DevkitError: if there is one.
    """
    branch = BRANCH.format(source.version)
    if not git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", root=root).code:
        raise DevkitError(
            f"there is a branch {branch}: an earlier update?",
            fix=f"merge it, or delete it: `git branch -D {branch}`",
        )
    return branch


def _record(before: Base, source: Source, theirs: Mapping[str, bytes]) -> bytes | None:
    """The text of the new record; None for a repository that has none."""
    if not isinstance(before, Adopted):
        return None
    files = {name: digest(content) for name, content in theirs.items()}
    new = replace(before.record, version=source.version, commit=source.commit, files=files)
    return new.text.encode()


@contextmanager
def _undone_if_it_fails(root: Path, branch: str) -> Iterator[None]:
    """Check out a new branch; if the block fails, also remove the files that came meanwhile."""
    others = _untracked(root)
    try:
        with commits.switched(root, branch, "HEAD"):
            yield
    except BaseException:
        for name in _untracked(root) - others:
            (root / name).unlink(missing_ok=True)
        raise


def _untracked(root: Path) -> set[str]:
    return set(filter(None, git.ask(*UNTRACKED, root=root).stdout.split("\0")))


def _write(root: Path, found: Merge, new_record: bytes | None) -> None:
    """Write the merged files and stage them; a conflict is staged as Git's own are."""
    contents = {**found.changes, **({record.NAME: new_record} if new_record else {})}
    for name, content in contents.items():
        _put(root / name, content)
    for name, conflict in found.conflicts.items():
        _put(root / name, conflict.merged)
    git.ask("add", "--force", "--all", "--", *contents, root=root)
    for name, conflict in found.conflicts.items():
        commits.stage_conflict(root, name, (conflict.base, conflict.ours, conflict.theirs))


def _put(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _finish(root: Path, version: str, run: Run) -> bool:
    """Migrate, lock, derive and check, by the new kit; returns whether the check is green.

    Raises:
        DevkitError: if another step fails.
    """
    for arguments in (("kit", "--migrate", version), *STEPS, CHECK):
        title = " ".join(arguments)
        outcome = _step(root, title, arguments, run)
        if not outcome.ok and arguments != CHECK:
            raise DevkitError(
                f"`python3 tasks.py {title}` of the new kit failed; nothing was changed",
                fix="resolve what it reports, then run the update again",
            )
    return outcome.ok


def _step(root: Path, title: str, arguments: tuple[str, ...], run: Run) -> Outcome:
    def job() -> Outcome:
        done = run(root, arguments)
        return Outcome(title, done.code == 0, details=done.combined if done.code else "")

    (outcome,) = parallel.run(title, {title: job})
    return outcome


def _commit(root: Path, message: str) -> None:
    """Commit what was staged, and what the new kit's commands changed in tracked files."""
    git.ask("add", "--update", "--", ":/", root=root)
    commits.of_index(root, message)


def _print_conflicts(found: Merge, branch: str, version: str) -> None:
    names = "\n".join(f"- {name}" for name in found.conflicts)
    output.block("conflicts", f"{names}\n\n{AFTER_CONFLICTS.format(version=version)}")
    output.info(f"on branch {branch}: {counted(len(found.changes), 'file')} replaced or merged")

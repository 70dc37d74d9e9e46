"""Writes an adoption on a branch of its own, in commits that can be reviewed; or nothing at all."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devkit.adoption import files, first_run, hooks, linters
from devkit.adoption.files import Files
from devkit.adoption.model import Obstacle, Plan
from devkit.core import git, output
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.kit import blocks, commits, contents, record, sources
from devkit.kit.commits import Position
from devkit.kit.contents import Source
from devkit.kit.run import Run, task

BRANCH = "dagteam/adopt"
GREEN, FINDINGS, NOTHING_WRITTEN = 0, 1, 2
KIT_MESSAGE = """Add DagTeam {version}

All of the kit is in devkit/ and tasks.py. `python3 tasks.py unadopt` takes it out again.
"""
PROJECTS_MESSAGE = """Make every code location a team of DagTeam

The registry, projects where there were none, and marked blocks. Nothing was moved or overwritten.
"""
PLATFORM_MESSAGE = """Begin a platform: the registry, and the library that teams share

`python3 tasks.py new-team NAME` makes the first team.
"""
LOCKS_MESSAGE = """Lock every team's dependencies

At the versions that were in use, where they were pinned.
"""


def apply(plan: Plan, *, ci: bool = False, run: Run = task) -> int:
    """Write what is planned, then lock, set up, check, test, build and prove it.

    `ci`: also a workflow for GitHub. Returns 0 if everything is green, 1 if it is adopted and a
    person has something left to do, 2 if nothing was written.
    """
    before = commits.position(plan.root)
    try:
        source = contents.of_folder(ROOT)
        _require_possible(plan, before)
        with _repository(plan, before) as before:
            made = files.of_plan(plan, source, before.commit, ci=ci)
            _require_free([*plan.obstacles, *files.in_the_way(plan, made)])
            kit, projects = _commit(plan, made, before.commit, source)
            first_run.keep(plan.root)
            with commits.switched(plan.root, BRANCH, projects):
                _exclude(plan)
    except DevkitError as error:
        output.warn(str(error))
        return NOTHING_WRITTEN
    sources.remember(str(ROOT), source.version, plan.root)
    branch = BRANCH
    if not before.commit:  # its first commits: no branch to review against
        git.ask("branch", "--move", BRANCH, before.branch, root=plan.root)
        branch = before.branch
    output.info(f"on branch {branch}: {kit[:8]} the kit, {projects[:8]} registry and projects")
    for note in made.notes:
        output.info(f"note: {note}")
    if made.record.hooks == hooks.THEIRS and not hooks.are_installed(plan.root):
        output.info(
            f"note: the hooks of {hooks.CONFIG} are not installed in this clone, so only the kit's "
            "will be; `.venv-tools/bin/pre-commit install` installs all"
        )
    if names := linters.that_see_everything(plan.root):
        output.info(f"note: {', '.join(names)}: exclude devkit/ and tasks.py, which are not yours")
    if other := hooks.found(plan.root):
        output.info(f"note: {other}: `python3 tasks.py setup` says how its hook calls the kit's")
    try:
        green = first_run.run(plan, made.record, LOCKS_MESSAGE, run)
    except KeyboardInterrupt:
        output.warn("Interrupted: the adoption is written, but not complete.\n"
                    f"  {'fix:':<10}`python3 tasks.py unadopt`, then adopt it again")  # fmt: skip
        raise
    return GREEN if green else FINDINGS


def _require_possible(plan: Plan, before: Position) -> None:
    """Require all that is known before anything is read.

    Raises:
        DevkitError: for an open question, no Git, no identity, a dirty tree, an old branch.
    """
    if record.read(plan.root):
        raise DevkitError(
            f"{plan.root} has adopted the kit already",
            fix="`python3 tasks.py kit --update --from SOURCE` there brings a newer one",
        )
    if plan.questions:
        keys = ", ".join(question.key for question in plan.questions)
        raise DevkitError(
            f"open questions: {keys}",
            fix="answer them in a file, and pass it with `--answers FILE`",
        )
    _require_free(plan.obstacles)
    if plan.git_prefix is None and any(plan.root.iterdir()):
        raise DevkitError(
            f"{plan.root} is not in a Git repository: nothing could be reviewed or undone",
            fix=f"`cd {plan.root} && git init && git add --all && git commit -m 'As it was'`",
        )
    if plan.git_prefix is None:
        return
    commits.require_identity(plan.root)
    if not before.commit and _has_files(plan.root):
        raise DevkitError(
            f"{plan.root} has no commit yet: nothing could be reviewed or undone",
            fix="`git add --all && git commit -m 'As it was'`",
        )
    commits.require_clean(plan.root)
    if not git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{BRANCH}",
                   root=plan.root).code:  # fmt: skip
        raise DevkitError(
            f"there is a branch {BRANCH}: an earlier adoption?",
            fix=f"merge it, or delete it: `git branch -D {BRANCH}`",
        )


@contextmanager
def _repository(plan: Plan, before: Position) -> Iterator[Position]:
    """In an empty folder, a new repository, which is removed if nothing is written."""
    if plan.git_prefix is not None:
        yield before
        return
    git.ask("init", "--quiet", "--initial-branch", "main", root=plan.root)
    try:
        commits.require_identity(plan.root)
        yield commits.position(plan.root)
    except BaseException:
        _remove(plan.root / ".git")
        raise


def _require_free(obstacles: Iterable[Obstacle]) -> None:
    """Require that nothing is in the way.

    Raises:
        DevkitError: naming everything that is.
    """
    found = list(obstacles)
    if not found:
        return
    for one in found[:-1]:
        output.warn(str(_error(one)))
    raise _error(found[-1])


def _error(obstacle: Obstacle) -> DevkitError:
    return DevkitError(
        f"{obstacle.place}: {obstacle.what}", expected=obstacle.expected, fix=obstacle.fix
    )


def _commit(plan: Plan, made: Files, parent: str, source: Source) -> tuple[str, str]:
    """Make the first two commits; nothing is checked out. Returns their ids."""
    message = KIT_MESSAGE.format(version=source.version)
    kit = commits.commit(plan.root, parent, made.kit, message)
    second = PLATFORM_MESSAGE if plan.is_new_platform else PROJECTS_MESSAGE
    return kit, commits.commit(plan.root, kit, made.commit, second)


def _exclude(plan: Plan) -> None:
    """Have Git ignore what the kit leaves behind on other branches, too."""
    file = exclude_file(plan.root)
    prefix = f"/{plan.git_prefix}" if plan.git_prefix else "/"
    lines = [prefix + line[1:] if line[0] == "/" else line for line in files.ignored(plan)]
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    file.parent.mkdir(exist_ok=True)
    file.write_text(blocks.put(text, lines), encoding="utf-8")


def exclude_file(root: Path) -> Path:
    """The file of patterns that Git ignores in this clone only."""
    asked = git.ask("rev-parse", "--git-path", "info/exclude", root=root).stdout.strip()
    return root / asked


def _has_files(root: Path) -> bool:
    return any(path.name != ".git" for path in root.iterdir())


def _remove(folder: Path) -> None:
    """Remove a folder in one step, as far as others can see."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".dagteam-") as scratch:
        folder.rename(Path(scratch) / folder.name)

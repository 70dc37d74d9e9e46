"""`python3 tasks.py adopt`: brings another repository, with its code locations, under this kit."""

from pathlib import Path

from invoke.context import Context
from invoke.exceptions import Exit

from devkit.cli import command

NOT_WRITTEN = 2  # 1 means that it is adopted, and something is left to do


@command(
    help={
        "path": "the folder of the repository, or an empty one for a new platform",
        "dry-run": "only show the plan",
        "answers": "a TOML file with the answers to the plan's questions",
        "workspace": "the file that declares the locations, relative to PATH",
        "ci": "also write a workflow of GitHub Actions",
    }
)
def adopt(
    _: Context,
    path: str,
    dry_run: bool = False,
    answers: str = "",
    workspace: str = "",
    ci: bool = False,
) -> None:
    """Bring another repository under this kit.

    Shows the plan first. Runs none of the repository's code before its locks are made, moves and
    overwrites nothing, and writes on a branch of its own. Ends with 0 if everything is green, 1 if
    something is left to do, 2 if nothing was written.
    """
    from devkit.adoption import apply, page, planning, questions
    from devkit.adoption.questions import Answers
    from devkit.core import output
    from devkit.core.errors import DevkitError

    try:
        given = questions.read(Path(answers)) if answers else {}
        replies = Answers(given, interactive=questions.is_terminal())
        plan = planning.plan(Path(path), replies, workspace or None)
    except DevkitError as error:
        raise Exit(str(error), code=NOT_WRITTEN) from None
    output.emit(page.text(plan))
    if not plan.is_ready:
        raise Exit(code=NOT_WRITTEN)
    if dry_run:
        return
    code = apply.apply(plan, ci=ci)
    if code:
        raise Exit(code=code)

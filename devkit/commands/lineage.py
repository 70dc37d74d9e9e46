"""`invoke lineage`: the asset graph across teams, or a branch's changes to it."""

from pathlib import Path

from invoke.context import Context

from devkit.cli import command, some_teams
from devkit.core import output
from devkit.core.errors import DevkitError


@command(
    help={
        "select": "assets as in Dagster: penguins+, 1+penguins, ml_*, team:ml",
        "format": "mermaid, markdown, json or svg (default: from the output's suffix)",
        "diff": "what changed since this branch, tag or commit, for a pull request",
        "output": "the file to write (default: standard output)",
        "check": "change nothing; fail if the output is out of date",
        "staged": "only if what is staged changes the graph: for the Git hook",
    },
)
def lineage(
    _: Context,
    select: str = "",
    format_: str = "",
    diff: str = "",
    output_: str = "",
    check: bool = False,
    staged: bool = False,
) -> None:
    """Draw the asset graph across teams, or a branch's changes to it."""
    from devkit import lineage as drawing
    from devkit.environments.venvs import require_built, team_environment
    from devkit.lineage import hook

    output.use_stderr()
    target = Path(output_) if output_ else None
    if (check or staged) and target is None:
        raise DevkitError("--check and --staged need a file", fix="name it with --output")
    if staged:
        hook.refresh(Path(output_))
        return
    teams = some_teams()
    require_built(map(team_environment, teams))
    if check:
        drawing.require_fresh(teams, select=select, form=format_, target=Path(output_))
    elif diff:
        drawing.compare(teams, diff, select=select, form=format_, target=target)
    else:
        drawing.draw(teams, select=select, form=format_, target=target)

"""`invoke lineage`: the asset graph across teams, or a branch's changes to it."""

from pathlib import Path

from invoke.context import Context

from devkit.cli import command, some_teams
from devkit.core import output


@command(
    help={
        "select": "assets as in Dagster: penguins+, 1+penguins, ml_*, team:ml",
        "format": "mermaid, markdown, json or svg (default: from the output's suffix)",
        "diff": "what changed since this branch, tag or commit, for a pull request",
        "output": "the file to write (default: standard output)",
    },
)
def lineage(
    _: Context, select: str = "", format_: str = "", diff: str = "", output_: str = ""
) -> None:
    """Draw the asset graph across teams, or a branch's changes to it."""
    from devkit import lineage as drawing
    from devkit.environments.venvs import require_built, team_environment

    output.use_stderr()
    teams = some_teams()
    require_built(map(team_environment, teams))
    target = Path(output_) if output_ else None
    if diff:
        drawing.compare(teams, diff, select=select, form=format_, target=target)
    else:
        drawing.draw(teams, select=select, form=format_, target=target)

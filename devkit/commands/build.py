"""`invoke build`: for each team a folder that can be deployed on its own."""

from invoke.context import Context

from devkit.cli import AFFECTED, BASE, TEAM, affected_teams, command, some_teams


@command(
    help=TEAM | AFFECTED | {"prove": "load each folder as its image does, and compare"},
    iterable=["team"],
)
def build(
    _: Context, team: list[str], affected: bool = False, base: str = BASE, prove: bool = False
) -> None:
    """Build each team's deployable folder in dist/."""
    from devkit.core import parallel
    from devkit.generated import dist
    from devkit.generated import prove as proving

    teams = affected_teams(team, base) if affected else some_teams(team)
    outcomes = dist.build(teams, orchestrator=not team and not affected)
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if prove:
        names = {outcome.name for outcome in failed}
        outcomes = [*failed, *proving.prove([one for one in teams if one.name not in names])]
    parallel.require(outcomes)

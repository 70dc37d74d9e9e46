"""`invoke utils`: the shared package works in every team's environment."""

from collections.abc import Sequence
from functools import partial

from devkit import environments, parallel, suites
from devkit.environments import SHARED
from devkit.parallel import Outcome
from devkit.workspace import Team


def install(teams: Sequence[Team]) -> None:
    """Install utils, editable, into each team's environment and prove that it works there.

    Each environment is checked for conflicts, then runs utils' own tests.

    Raises:
        DevkitError: naming each team in whose environment it does not work.
    """
    outcomes = parallel.run(
        "installing utils", {team.name: partial(_install, team) for team in teams}
    )
    parallel.require(outcomes)


def _install(team: Team) -> Outcome:
    environment = environments.team_environment(team)
    python = str(team.python)
    with environments.alone(environment) as lock:
        environments.uv(environment, "pip", "install", "--quiet", "--python", python,
                        "--no-deps", "--editable", str(SHARED), keep=[lock])  # fmt: skip
    if conflicts := environments.conflicts(environment):
        mend = f"\n  to mend:  invoke lock --team {team.name}"
        return Outcome(team.name, ok=False, text="utils does not fit", details=conflicts + mend)
    tested = suites.run(suites.of_shared(team))
    text = f"utils installed; {tested.text}"
    return Outcome(team.name, tested.ok, text, tested.details)

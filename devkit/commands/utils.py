"""`invoke utils`: the shared package works in every team's environment."""

from collections.abc import Sequence
from functools import partial

from invoke.context import Context

from devkit.cli import TEAM, command, some_teams
from devkit.core import parallel
from devkit.core.errors import DevkitError
from devkit.core.parallel import Outcome
from devkit.core.paths import SHARED
from devkit.registry import shared
from devkit.registry.team import Team


@command(help=TEAM, iterable=["team"])
def utils(_: Context, team: list[str]) -> None:
    """Install utils in every environment and run its tests in each."""
    from devkit.environments.suites import ready
    from devkit.environments.venvs import team_environment

    if shared.library() is None:
        raise DevkitError(
            "this repository has no utils",
            expected=f"a library in {SHARED.name}/ whose pyproject.toml has `shared = true` in "
            "[tool.dagteam]",
        )
    teams = [one for one in some_teams(team) if one.has_utils]
    names, failures = ready(map(team_environment, teams))
    install([one for one in teams if one.name in names], failures)


def install(teams: Sequence[Team], failures: Sequence[Outcome] = ()) -> None:
    """Install utils, editable, into each team's environment, and test it there.

    Each environment is checked for conflicts, then runs the tests of utils. `failures` are those of
    the environments that can't be built.

    Raises:
        DevkitError: naming the teams in whose environment it does not work.
    """
    jobs: dict[str, parallel.Work] = {team.name: partial(_install, team) for team in teams}
    parallel.require([*failures, *parallel.run("installing utils", jobs)])


def _install(team: Team) -> Outcome:
    from devkit.environments import editable, installed, suites, venvs

    environment = venvs.team_environment(team)
    with venvs.build_lock(environment) as lock:
        venvs.run_uv(environment, "pip", "install", "--quiet", "--python", team.python,
                     "--no-deps", *editable.flags([SHARED]), "--editable", SHARED,
                     pass_fds=[lock])  # fmt: skip
    if conflicts := installed.conflicts(team.python):
        fix = f"\n  {'fix:':<10}invoke lock --team {team.name}"
        text = "dependency conflict with utils"
        return Outcome(team.name, ok=False, text=text, details=conflicts + fix)
    tested = suites.run(suites.of_shared(team))
    return Outcome(team.name, tested.ok, f"utils installed; {tested.text}", tested.details)

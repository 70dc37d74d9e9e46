"""`invoke exec`: one command in a team's environment."""

import os
import shutil
import sys
from collections.abc import Sequence

from invoke.context import Context

from devkit.cli import ONE_TEAM, command, one_team, remainder
from devkit.core.errors import DevkitError
from devkit.registry.team import Team


@command(name="exec", help=ONE_TEAM)
def execute(_: Context, team: str) -> None:
    """Run a command in a team's environment.

    For instance: invoke exec --team ml -- python -V
    """
    from devkit.environments.venvs import require_built, team_environment

    chosen = one_team(team)
    require_built([team_environment(chosen)])
    sys.exit(run(chosen, remainder()))


def run(team: Team, argv: Sequence[str]) -> int:
    """Run a command in the team's folder with its environment active; return its exit code.

    Raises:
        DevkitError: if no command is given, or it is not found.
    """
    from devkit.core import processes
    from devkit.dev import home

    if not argv:
        raise DevkitError("no command to run", fix=f"invoke exec --team {team.name} -- COMMAND")
    env = home.variables_of(team)
    named = team.cwd / argv[0] if os.sep in argv[0] else argv[0]
    program = shutil.which(named, path=env["PATH"])
    if program is None:
        raise DevkitError(
            f"command {argv[0]!r} not found in the environment of {team.name}",
            fix=f"add its package to {team.folder}/pyproject.toml, then run "
            f"`invoke lock --team {team.name}`",
        )
    code, _ = processes.run_in_foreground([program, *argv[1:]], cwd=team.cwd, env=env)
    return code if code >= 0 else 128 - code

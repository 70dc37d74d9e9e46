"""The environment variables that a team's processes get: data, passed to the child."""

import os

from dotenv import dotenv_values

from devkit.core.environ import clean_environment
from devkit.registry.workspace import Team

SHORTEST_SECRET = 6


def of_team(team: Team) -> dict[str, str]:
    """The shell's variables plus the team's own `.env`, with the team's environment activated.

    Never another team's `.env`. The file wins over the shell, as it does with Dagster: so a
    variable that two teams both have is each team's own, whatever the shell has set.
    """
    shell = clean_environment()
    return {
        **shell,
        **own(team),
        "VIRTUAL_ENV": str(team.environment),
        "PATH": os.pathsep.join([str(team.python.parent), shell.get("PATH", os.defpath)]),
    }


def own(team: Team) -> dict[str, str]:
    """The variables in the team's `.env`; none if there is no such file."""
    values = dotenv_values(team.env_file)
    return {name: value for name, value in values.items() if value is not None}


def secrets_of(team: Team) -> tuple[str, ...]:
    """The values in the team's `.env` that are long enough to be a secret, longest first."""
    values = {value for value in own(team).values() if len(value) >= SHORTEST_SECRET}
    return tuple(sorted(values, key=len, reverse=True))

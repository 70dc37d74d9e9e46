"""The environment variables of a team's processes, as data to pass to a child."""

import os

from dotenv import dotenv_values

from devkit.core import masking
from devkit.core.environ import clean_environment
from devkit.registry.workspace import Team


def of_team(team: Team) -> dict[str, str]:
    """The shell's variables and the team's own `.env`, with the team's environment activated.

    The file takes precedence over the shell, as in Dagster, so two teams can have different
    values for one variable, whatever the shell has.
    """
    shell = clean_environment()
    return {
        **shell,
        **own(team),
        "VIRTUAL_ENV": str(team.environment),
        "PATH": os.pathsep.join([str(team.python.parent), shell.get("PATH", os.defpath)]),
    }


def own(team: Team) -> dict[str, str]:
    """The variables in the team's `.env`; empty if there is no such file.

    From now on, their values are masked in all that the kit prints and logs.
    """
    values = dotenv_values(team.env_file)
    found = {name: value for name, value in values.items() if value is not None}
    masking.hide(found.values())
    return found


def secrets_of(team: Team) -> tuple[str, ...]:
    """The values in the team's `.env` that are long enough to be secrets, longest first."""
    values = {value for value in own(team).values() if len(value) >= masking.SHORTEST}
    return tuple(sorted(values, key=len, reverse=True))

"""The environment variables of a team's processes, as data to pass to a child."""

import io
import os
import re

from dotenv import dotenv_values

from devkit.core import files, masking
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import shown
from devkit.registry.team import Team

# What Git leaves in a file that two branches changed, and what no variable can hold.
UNUSABLE = re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)|\0", re.MULTILINE)


def of_team(team: Team) -> dict[str, str]:
    """The shell's variables and the team's own `.env`, with the team's environment activated.

    The file takes precedence over the shell, as in Dagster, so two teams can have different
    values for one variable, whatever the shell has.

    Raises:
        DevkitError: as `own`.
    """
    shell = clean_environment()
    found = own(team)
    return {
        **shell,
        **found,
        "VIRTUAL_ENV": str(team.environment),
        "PATH": os.pathsep.join([str(team.python.parent), shell.get("PATH", os.defpath)]),
        **_import_root(team, found.get("PYTHONPATH")),
    }


def _import_root(team: Team, others: str | None) -> dict[str, str]:
    """Python's path for code that is neither where it runs nor installed with its project."""
    inside = team.import_root.is_relative_to(team.directory) and team.directory != team.root
    if team.import_root == team.cwd or (inside and "import-root" not in team.declared):
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(team.import_root), others]))}


def own(team: Team) -> dict[str, str]:
    """The variables in the team's `.env`; empty if there is no such file.

    From now on, their values are masked in all that the kit prints and logs.

    Raises:
        DevkitError: if it can't be read, with the line.
    """
    file = team.env_file
    if not file.exists() or (file / "pyvenv.cfg").exists():  # some name an environment `.env`
        return {}
    text = files.read_text(file)
    if unusable := UNUSABLE.search(text):
        line = text.count("\n", 0, unusable.start()) + 1
        problem = "a NUL character" if unusable[0] == "\0" else "a merge conflict"
        raise DevkitError(
            f"{shown(file)}, line {line}: {problem}",
            expected="lines such as NAME=value",
            fix=f"edit {shown(file)}",
        )
    values = dotenv_values(stream=io.StringIO(text))
    found = {name: value for name, value in values.items() if value is not None}
    masking.hide(found.values())
    return found

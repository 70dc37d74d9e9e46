"""`invoke teams`: the registry, and the versions in each environment."""

from collections.abc import Sequence

from invoke.context import Context

from devkit.cli import command, some_teams
from devkit.core import output
from devkit.core.paths import ROOT
from devkit.registry.workspace import Team

# Packages whose versions are shown, in addition to those that utils requires.
ALWAYS = ("dagster", "dagteam-utils")


@command(help={})
def teams(_: Context) -> None:
    """Show the registry and the versions in each environment."""
    registry = some_teams()
    output.table(
        ("team", "location", "module", "environment"),
        [
            (team.name, team.location, team.module, str(team.environment.relative_to(ROOT)))
            for team in registry
        ],
    )
    output.table(*versions(registry))


def versions(registry: Sequence[Team]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Columns and rows: each environment, its Python, and its versions of the shared packages."""
    from devkit.core import pyproject
    from devkit.core.paths import SHARED
    from devkit.environments import installed
    from devkit.environments.venvs import every_environment

    shared = pyproject.read(SHARED).project.get("dependencies", ())
    wanted = dict.fromkeys([*ALWAYS, *map(pyproject.package_name, shared)])
    rows: list[Sequence[str]] = []
    for environment in every_environment(registry):
        has = installed.distributions(environment.path)
        python = installed.python_version(environment.path)
        found = (has.get(package, installed.UNKNOWN) for package in wanted)
        rows.append((environment.name, python, *found))
    return ("environment", "python", *wanted), rows

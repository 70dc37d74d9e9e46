"""`invoke teams`: the registry, and the versions in each environment."""

from collections.abc import Sequence
from pathlib import Path

from invoke.context import Context

from devkit.cli import command, some_teams
from devkit.core import output
from devkit.core.paths import ROOT, shown
from devkit.registry.team import Team

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
    for folder, names in sharing(registry).items():
        output.info(f"{' and '.join(names)} share the environment {shown(folder)}")


def sharing(registry: Sequence[Team]) -> dict[Path, list[str]]:
    """The environments that several teams share, with these teams' short names."""
    users: dict[Path, list[str]] = {}
    for team in registry:
        users.setdefault(team.environment, []).append(team.name)
    return {folder: names for folder, names in users.items() if len(names) > 1}


def versions(registry: Sequence[Team]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Columns and rows: each environment, its Python, and its versions of the shared packages."""
    from devkit.core import pyproject
    from devkit.environments import installed
    from devkit.environments.venvs import every_environment
    from devkit.registry import shared

    utils = shared.library()
    needs = pyproject.read(utils).project.get("dependencies", ()) if utils else ()
    always = ALWAYS if utils else ALWAYS[:1]
    wanted = dict.fromkeys([*always, *map(pyproject.package_name, needs)])
    rows: list[Sequence[str]] = []
    for environment in every_environment(registry):
        has = installed.distributions(environment.path)
        python = installed.python_version(environment.path)
        found = (has.get(package, installed.UNKNOWN) for package in wanted)
        rows.append((environment.name, python, *found))
    return ("environment", "python", *wanted), rows

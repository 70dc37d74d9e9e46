"""The text of a new registry, where the repository declares its locations in another way."""

from collections.abc import Iterable

import yaml

from devkit.adoption.model import PlannedTeam, Remote


def text(teams: Iterable[PlannedTeam], remotes: Iterable[Remote], source: str) -> str:
    """A workspace.yaml with an entry for each team, and those that run elsewhere as they were."""
    entries = [dict(team.entry) for team in teams] + [dict(one.entry) for one in remotes]
    listed = yaml.safe_dump({"load_from": entries}, sort_keys=False, allow_unicode=True, width=1000)
    where = f"Taken from {source}. " if source else ""
    return (
        f"# The registry: every code location. {where}Dagster reads this file, too.\n"
        "# Paths are relative to this file.\n"
        f"{listed}"
    )

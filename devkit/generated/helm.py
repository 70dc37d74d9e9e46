"""The values of Dagster's Helm charts: a release for the platform, and one for each team.

The charts have the teams as a list, and Helm replaces lists: in one release a second file, or
`--set`, could not give one team a new image. So each team is a release of its own, which is
deployed and rolled back without the others, and whose list has one entry. The charts:
https://docs.dagster.io/deployment/oss/deployment-options/kubernetes
"""

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.registry.workspace import Team

PLATFORM = ROOT / "deploy" / "helm-values.yaml"
TEAMS = ROOT / "deploy" / "helm"

PORT = 4000  # of every code server: each has an address of its own
WEBSERVER_PORT = 3000
RUNS = 10  # of one team at a time


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file, by its path.

    Raises:
        DevkitError: for a location that can't be a name in a cluster.
    """
    texts = {PLATFORM: platform(teams)}
    owners: dict[str, Team] = {}
    for team in teams:
        if (other := owners.setdefault(release(team), team)) is not team:
            raise DevkitError(
                f"{team.location} and {other.location} would have one name in a cluster",
                found=release(team),
                fix="rename one of the locations in workspace.yaml",
            )
        texts[TEAMS / f"{team.location}.yaml"] = of_team(team)
    return texts


def platform(teams: Sequence[Team]) -> str:
    """The values of the chart `dagster`: everything but the teams' code."""
    servers = [
        f"- {{host: {release(team)}, port: {PORT}, name: {team.location}}}" for team in teams
    ]
    return _fill(
        "helm-platform.yaml",
        servers="\n      ".join(servers) or "[]",
        webserver_port=WEBSERVER_PORT,
        runs=RUNS * len(teams),
        runs_of_a_team=RUNS,
    )


def of_team(team: Team) -> str:
    """The values of the chart `dagster-user-deployments` for one team."""
    return _fill(
        "helm-team.yaml",
        release=release(team),
        location=team.location,
        module=team.module,
        image=f"dagteam/{team.location.lower()}",
        port=PORT,
    )


def release(team: Team) -> str:
    """The team's name in a cluster: of its release, address, secret and service account.

    Raises:
        DevkitError: if Kubernetes would not take it for the name of a service.
    """
    name = team.location.lower().replace("_", "-")
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise DevkitError(
            f"the location {team.location} can't be a name in a cluster",
            expected="a letter, then letters, digits and _, at most 63, no _ at the end",
            fix="rename the location in workspace.yaml",
        )
    return name


def _fill(template: str, **values: str | int) -> str:
    return Template(
        (Path(__file__).parent / "templates" / template).read_text(encoding="utf-8")
    ).substitute(values)

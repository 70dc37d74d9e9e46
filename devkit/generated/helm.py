"""The values of Dagster's Helm charts: a release for the platform, and one for each team.

The chart has a list of teams, and Helm replaces lists as a whole: in a single release, neither a
second file nor `--set` could change one team's image. So each team has its own release, whose list
has one entry, and which is deployed and rolled back without the others. The charts:
https://docs.dagster.io/deployment/oss/deployment-options/kubernetes
"""

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.generated.scalars import scalar
from devkit.registry.team import Kind, Team
from devkit.registry.workspace import load_remotes

PLATFORM = ROOT / "deploy" / "helm-values.yaml"
TEAMS = ROOT / "deploy" / "helm"

PORT = 4000  # of every code server, since each has its own address
WEBSERVER_PORT = 3000
RUNS = 10  # of one team at a time


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file, by its path.

    Raises:
        DevkitError: if a location can't be a name in a cluster, or two would have the same one.
    """
    texts = {PLATFORM: platform(teams)}
    owners: dict[str, Team] = {}
    for team in teams:
        if (other := owners.setdefault(release(team), team)) is not team:
            raise DevkitError(
                f"{team.location} and {other.location} would have the same name in a cluster",
                found=release(team),
                fix="rename one of the locations in workspace.yaml",
            )
        texts[TEAMS / f"{team.identifier}.yaml"] = of_team(team)
    return texts


def platform(teams: Sequence[Team]) -> str:
    """The values of the chart `dagster`: everything except the teams' code servers."""
    servers = [
        f"- {{host: {scalar(release(team))}, port: {PORT}, name: {scalar(team.location)}}}"
        for team in teams
    ]
    servers += [
        f"- {{host: {scalar(str(remote.fields.get('host', 'localhost')))}, "
        f"port: {remote.fields['port']}, name: {scalar(remote.location)}}}"
        for remote in load_remotes(ROOT)
        if "port" in remote.fields
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
        name=scalar(release(team)),
        location=team.location,
        arguments=", ".join(_arguments(team)),
        image=f"dagteam/{team.identifier.lower()}",
        port=PORT,
    )


def _arguments(team: Team) -> list[str]:
    """The arguments of `dagster api grpc` for what is loaded."""
    options = {Kind.PACKAGE: "--package-name", Kind.FILE: "-f"}
    attribute = ["-a", scalar(team.attribute)] if team.attribute else []
    return [options.get(team.kind, "-m"), scalar(team.deployed), *attribute]


def release(team: Team) -> str:
    """The team's name in a cluster: of its release, address, secret and service account.

    Raises:
        DevkitError: if it is not a valid name of a Kubernetes service.
    """
    name = team.identifier.lower().replace("_", "-")
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise DevkitError(
            f"the location {team.location} can't be a name in a cluster",
            expected="at most 63 letters, digits and _; a letter first, and no _ at the end",
            fix="rename the location in workspace.yaml",
        )
    return name


def _fill(template: str, **values: str | int) -> str:
    return Template(
        (Path(__file__).parent / "templates" / template).read_text(encoding="utf-8")
    ).substitute(values)

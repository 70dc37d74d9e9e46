"""Contracts on isolation: no team's code or environment holds another team's package."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from devkit.contracts.survey import Finding, Survey

SHARE = "share an asset instead (docs/sharing-assets.md), or move the code to utils"


def imported(survey: Survey) -> Iterator[Finding]:
    """`foreign-import`: a team imports another one's package."""
    for manifest in survey.manifests:
        for other in survey.teams:
            if other.package == manifest.team.package:
                continue
            for package in (other.package, other.tests.name):
                if package in manifest.imports:
                    yield Finding(
                        "foreign-import",
                        f"{manifest.team.name} imports {package}, a package of {other.name}",
                        SHARE,
                        (manifest.team.name, other.name),
                        place=manifest.imports[package],
                    )


def installed(survey: Survey) -> Iterator[Finding]:
    """`foreign-install`: a team's environment has another one's package installed."""
    for team in survey.teams:
        for other in survey.teams:
            name = canonicalize_name(other.package)
            if other.package != team.package and name in survey.installed.get(team.name, {}):
                yield Finding(
                    "foreign-install",
                    f"the environment of {team.name} has {name}, the package of {other.name}",
                    f"take it out of {team.directory.name}/pyproject.toml, then "
                    f"invoke lock --team {team.name}",
                    (team.name, other.name),
                )

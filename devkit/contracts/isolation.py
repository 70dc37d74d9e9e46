"""Contracts on isolation: no team's code or environment holds another team's package."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from devkit.contracts.snapshot import Finding, Snapshot

SHARE = "share an asset instead (docs/sharing-assets.md), or move the code to utils"


def imported(snapshot: Snapshot) -> Iterator[Finding]:
    """`foreign-import`: a team imports another one's package."""
    for manifest in snapshot.manifests:
        for other in snapshot.teams:
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


def installed(snapshot: Snapshot) -> Iterator[Finding]:
    """`foreign-install`: a team's environment has another one's package installed."""
    for team in snapshot.teams:
        for other in snapshot.teams:
            name = canonicalize_name(other.package)
            if other.package != team.package and name in snapshot.installed.get(team.name, {}):
                yield Finding(
                    "foreign-install",
                    f"the environment of {team.name} has {name}, the package of {other.name}",
                    f"take it out of {team.directory.name}/pyproject.toml, then "
                    f"invoke lock --team {team.name}",
                    (team.name, other.name),
                )

"""Contracts on isolation: no team imports or installs another team's package."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from devkit.contracts.snapshot import Finding, Snapshot
from devkit.core.paths import doc

SHARE = f"share an asset instead ({doc('sharing-assets.md')}), or move the code to a library"


def imported(snapshot: Snapshot) -> Iterator[Finding]:
    """`foreign-import`: a team imports another team's package."""
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
                        source=manifest.imports[package],
                    )


def installed(snapshot: Snapshot) -> Iterator[Finding]:
    """`foreign-install`: another team's package is installed in a team's environment."""
    for team in snapshot.teams:
        for other in snapshot.teams:
            name = canonicalize_name(other.package)
            if other.package != team.package and name in snapshot.installed.get(team.name, {}):
                yield Finding(
                    "foreign-install",
                    f"{name}, the package of {other.name}, is installed in the environment of "
                    f"{team.name}",
                    f"remove it from {team.folder}/pyproject.toml, then "
                    f"`invoke lock --team {team.name}`",
                    (team.name, other.name),
                )

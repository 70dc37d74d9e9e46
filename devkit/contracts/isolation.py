"""Contracts on isolation: no team imports or installs another team's package."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from devkit.contracts.snapshot import Finding, Snapshot
from devkit.core.paths import doc
from devkit.definitions.manifest import Manifest
from devkit.environments.imports import resolve
from devkit.registry.team import Team

SHARE = f"share an asset instead ({doc('sharing-assets.md')}), or move the code to a library"


def imported(snapshot: Snapshot) -> Iterator[Finding]:
    """`foreign-import`: a team imports another team's package."""
    for manifest in snapshot.manifests:
        team = manifest.team
        for other in snapshot.teams:
            tests = {path.name for path in other.tests if path.name.endswith("_tests")}
            for package in {*other.packages, *tests} - {*team.packages, team.package}:
                if place := _import_of(package, manifest, other):
                    yield Finding(
                        "foreign-import",
                        f"{team.name} imports {package}, a package of {other.name}",
                        SHARE,
                        (team.name, other.name),
                        source=manifest.imports[place],
                    )


def _import_of(package: str, manifest: Manifest, other: Team) -> str | None:
    """The import of another team's package in a manifest; None if it has none.

    A package of the same name that the team has where it runs is not the other's.
    """
    team = manifest.team
    found = next(
        (name for name in manifest.imports if name == package or name.startswith(f"{package}.")),
        None,
    )
    place = resolve(found, [team.import_root, team.on_path]) if found else None
    own = place and not any(place[0].is_relative_to(path) for path in other.sources)
    return None if own else found


def installed(snapshot: Snapshot) -> Iterator[Finding]:
    """`foreign-install`: another team's package is installed in a team's environment."""
    for team in snapshot.teams:
        for other in snapshot.teams:
            name = canonicalize_name(other.package)
            apart = other.package != team.package and other.directory != team.directory
            if apart and name in snapshot.installed.get(team.name, {}):
                yield Finding(
                    "foreign-install",
                    f"{name}, the package of {other.name}, is installed in the environment of "
                    f"{team.name}",
                    f"remove it from {team.folder}/pyproject.toml, then "
                    f"`invoke lock --team {team.name}`",
                    (team.name, other.name),
                )

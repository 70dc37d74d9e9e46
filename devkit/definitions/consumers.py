"""Consumers of an affected team, which depend on its assets, and the producers of a team."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from devkit.definitions import cache
from devkit.definitions.affected import Affected
from devkit.definitions.manifest import Manifest
from devkit.environments import venvs
from devkit.registry.team import Team


def with_consumers(
    change: Affected,
    teams: Sequence[Team],
    depends_on: Mapping[str, Collection[str]],
    produces: Mapping[str, Collection[str]],
) -> Affected:
    """Adds the teams that depend on assets of an affected team, directly or through other teams.

    `depends_on` and `produces` are asset keys by the short names of the teams whose definitions
    load; any other team may depend on anything. A key without a producer may be one that an
    affected or removed team no longer produces, so its consumers count as well: leave external
    assets out of `depends_on`.
    """
    if not change.reasons and not change.removed:
        return change
    names = [team.name for team in teams]
    found = dict(change.reasons)
    while True:
        more = {}
        for name in names:
            if name not in found:
                reason = _why_it_depends(name, list(found), depends_on, produces)
                if reason:
                    more[name] = (reason,)
        if not more:
            break
        found |= more
    return replace(change, reasons={name: found[name] for name in names if name in found})


def with_downstream(change: Affected, teams: Sequence[Team], built: Sequence[Team]) -> Affected:
    """Adds the teams that depend on assets of an affected team.

    `built` are the teams that have an environment, whose definitions can be loaded.
    """
    manifests = [loaded for loaded in cache.load_all(built) if isinstance(loaded, Manifest)]
    produces = {
        manifest.team.name: {*manifest.produces, runs_of(manifest.team.location)}
        for manifest in manifests
    }
    external = {
        asset.key
        for manifest in manifests
        for asset in manifest.assets
        if asset.external is not None
    }
    external -= set().union(*produces.values())
    depends_on = {
        manifest.team.name: (manifest.reads | manifest.watched) - external
        | set(map(runs_of, manifest.monitored))
        for manifest in manifests
    }
    return with_consumers(change, teams, depends_on, produces)


def runs_of(location: str) -> str:
    """What a sensor on the runs of a location depends on, among asset keys."""
    return f"runs of {location}"


def with_producers(chosen: Sequence[Team], teams: Sequence[Team]) -> tuple[Team, ...]:
    """The chosen teams and the producers of their upstream assets, in the registry's order.

    Builds and loads every team; omits producers that do not load.

    Raises:
        DevkitError: if the environment of a chosen team can't be built.
    """
    venvs.require_built(map(venvs.team_environment, chosen))
    venvs.build_stale(map(venvs.team_environment, teams))
    manifests = [loaded for loaded in cache.load_all(teams) if isinstance(loaded, Manifest)]
    wanted = {
        key
        for manifest in manifests
        if manifest.team in chosen
        for key in (manifest.reads | set(manifest.external_assets))
    }
    producers = {manifest.team for manifest in manifests if wanted & set(manifest.produces)}
    return tuple(team for team in teams if team in chosen or team in producers)


def _why_it_depends(
    name: str,
    affected: Sequence[str],
    depends_on: Mapping[str, Collection[str]],
    produces: Mapping[str, Collection[str]],
) -> str | None:
    if name not in depends_on or name not in produces:
        return "its definitions do not load, so it may depend on anything"
    for key in sorted(depends_on[name]):
        for producer in affected:
            if key in produces.get(producer, ()):
                return f"depends on {key}, which {producer} produces"
        if not any(key in keys for keys in produces.values()):
            return f"depends on {key}, which has no known producer"
    return None

"""Contracts on the asset graph: every key has one producer, and there are no cycles."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from devkit.contracts.snapshot import Finding, Snapshot, names
from devkit.definitions.manifest import Asset, Check

DECLARE = (
    "or, if it is produced outside of this repository, declare it: "
    'dg.AssetSpec("{key}", tags={{"dagteam/external": "name-of-the-producer"}})'
)


def duplicate_keys(snapshot: Snapshot) -> Iterator[Finding]:
    """`key-made-twice`: two teams produce one key, so each overwrites the other's table."""
    for key, producers in snapshot.producers.items():
        if len(producers) > 1:
            teams = names(*(manifest for manifest, _ in producers))
            yield Finding(
                "key-made-twice",
                f"the asset {key} is produced by {' and '.join(teams)}",
                f"let one team produce it; the others declare it: dg.AssetSpec({key!r})",
                teams,
                (key,),
                producers[-1][1].source,
            )


def cycles(snapshot: Snapshot) -> Iterator[Finding]:
    """`cycle-across-teams`: an asset depends on itself by way of another team."""
    upstream = {
        key: sorted({dep.key for _, asset in producers for dep in asset.deps if dep.key != key})
        for key, producers in snapshot.producers.items()
    }
    while cycle := _cycle(upstream):
        upstream[cycle[0]].remove(cycle[1])  # and look for the next
        producers = [snapshot.producers[key][0] for key in cycle]
        teams = names(*(manifest for manifest, _ in producers))
        if len(teams) > 1:  # within one team, Dagster itself rejects it
            yield Finding(
                "cycle-across-teams",
                "each of these assets depends on the next: " + " -> ".join(cycle),
                "remove one of these dependencies",
                teams,
                tuple(cycle[:-1]),
                producers[0][1].source,
            )


def missing_upstream(snapshot: Snapshot) -> Iterator[Finding]:
    """`key-nobody-makes`: an asset or a check depends on a key that no team produces."""
    for manifest in snapshot.manifests:
        for key in sorted(manifest.reads):
            if not snapshot.has_no_producer(key):
                continue
            consumers: list[tuple[str, Asset | Check]] = [
                (asset.key, asset)
                for asset in manifest.assets
                if key in {dep.key for dep in asset.deps}
            ]
            consumers += [
                (f"the check {check.name}", check)
                for check in manifest.checks
                if key in check.reads
            ]
            named_in = (*(item for _, item in consumers), manifest.external_assets.get(key))
            sources = [item.source for item in named_in if item and item.source]
            yield Finding(
                "key-nobody-makes",
                f"{consumers[0][0]} of {manifest.team.name} depends on {key}, "
                "which no team produces",
                _correct(key, snapshot),
                names(manifest),
                (key,),
                sources[0] if sources else None,
            )


def missing_watched(snapshot: Snapshot) -> Iterator[Finding]:
    """`watch-nobody-makes`: a sensor or a condition waits for a key that no team produces."""
    for manifest in snapshot.manifests:
        watchers = [
            *((f"the sensor {one.name}", one.watches, one.source) for one in manifest.sensors),
            *(
                (f"the automation condition of {one.key}", one.watches, one.source)
                for one in manifest.assets
            ),
        ]
        for watcher, keys, source in watchers:
            for key in keys:
                if snapshot.has_no_producer(key):
                    yield Finding(
                        "watch-nobody-makes",
                        f"{watcher} of {manifest.team.name} watches {key}, which no team "
                        "produces: it will never fire",
                        _correct(key, snapshot),
                        names(manifest),
                        (key,),
                        source,
                    )


def shadowed(snapshot: Snapshot) -> Iterator[Finding]:
    """`stub-shadows-own`: a `SourceAsset` hides the team's own asset of that key from Dagster."""
    for manifest in snapshot.manifests:
        for asset in manifest.assets:
            if asset.shadowed:
                yield Finding(
                    "stub-shadows-own",
                    f"{manifest.team.name} has both an asset {asset.key} and a SourceAsset of "
                    "that key: Dagster uses the SourceAsset, so the asset can't be materialized",
                    "delete the SourceAsset: a team's own asset needs none",
                    names(manifest),
                    (asset.key,),
                    asset.source,
                )


def external_but_produced(snapshot: Snapshot) -> Iterator[Finding]:
    """`external-is-made`: a key is declared external, and a team produces it."""
    for manifest in snapshot.manifests:
        for asset in manifest.external_assets.values():
            if asset.external is not None and asset.key in snapshot.producers:
                producers = names(*(producer for producer, _ in snapshot.producers[asset.key]))
                yield Finding(
                    "external-is-made",
                    f"{manifest.team.name} declares {asset.key} as external "
                    f"({asset.external}), but it is produced by {' and '.join(producers)}",
                    "delete the tag dagteam/external from its AssetSpec",
                    (*names(manifest), *producers),
                    (asset.key,),
                    asset.source,
                )


def _cycle(upstream: dict[str, list[str]]) -> Sequence[str] | None:
    """A cycle, its first key again at its end; each key depends on the next."""
    try:
        TopologicalSorter(upstream).prepare()
    except CycleError as error:
        # graphlib's cycles go from predecessor to successor, that is downstream.
        found: list[str] = error.args[1]
        return found[::-1]
    return None


def _correct(key: str, snapshot: Snapshot) -> str:
    declare = DECLARE.format(key=key)
    near = get_close_matches(key, snapshot.producers, n=1, cutoff=0.6)
    if not near:
        return f"correct the key, {declare}"
    team = snapshot.producers[near[0]][0][0].team.name
    return f"did you mean {near[0]} of {team}? Correct the key, {declare}"

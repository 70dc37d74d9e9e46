"""Contracts on the asset graph: every key has one producer, and there are no cycles."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from devkit.contracts.snapshot import Finding, Snapshot, names
from devkit.core.tracebacks import SourceLocation
from devkit.core.wording import few
from devkit.definitions.manifest import Asset, Check, Manifest

DECLARE = (
    "or, if it is produced outside of this repository, declare it: "
    'dg.AssetSpec("{key}", tags={{"dagteam/external": "name-of-the-producer"}})'
)

PLACE = re.compile(r".*/|[^_/]+_")  # the folder of a key, or the first word in its name
MANY = 5  # keys without a producer that are one finding
SHOWN = 3  # of them, in its message


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
    """`key-nobody-makes`: an asset or a check depends on a key that no team produces.

    Many that belong together, the tables of a warehouse, are one finding.
    """
    for manifest in snapshot.manifests:
        missing = [key for key in sorted(manifest.reads) if snapshot.has_no_producer(key)]
        groups = _groups([key for key in missing if _near(key, snapshot) is None])
        for pattern, keys in groups.items():
            yield Finding(
                "key-nobody-makes",
                f"{manifest.team.name} depends on {len(keys)} keys that no team produces: "
                + ", ".join(few(keys, SHOWN)),
                "correct the keys, or, if they are produced outside of this repository: "
                f'external = ["{pattern}"] in the table [tool.dagteam] of '
                f"{manifest.team.folder}/pyproject.toml",
                names(manifest),
                tuple(keys),
                _source(manifest, keys[0]),
            )
        for key in sorted(set(missing).difference(*groups.values())):
            yield Finding(
                "key-nobody-makes",
                f"{_readers(manifest, key)[0][0]} of {manifest.team.name} depends on {key}, "
                "which no team produces",
                _correct(key, snapshot),
                names(manifest),
                (key,),
                _source(manifest, key),
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


def duplicate_checks(snapshot: Snapshot) -> Iterator[Finding]:
    """`check-made-twice`: two teams define one check of an asset, and the UI shows one of them."""
    found: dict[tuple[str, str], list[tuple[Manifest, Check]]] = {}
    for manifest in snapshot.manifests:
        for check in manifest.checks:
            found.setdefault((check.asset, check.name), []).append((manifest, check))
    for (key, name), owners in found.items():
        teams = names(*(manifest for manifest, _ in owners))
        if len(teams) > 1:
            yield Finding(
                "check-made-twice",
                f"the check {name} of {key} is defined by {' and '.join(teams)}, and only one of "
                "them is shown and counts",
                "give one of them another name",
                teams,
                (key,),
                owners[-1][1].source,
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


def _cycle(upstream: dict[str, list[str]]) -> Sequence[str] | None:
    """A cycle, its first key again at its end; each key depends on the next."""
    try:
        TopologicalSorter(upstream).prepare()
    except CycleError as error:
        # graphlib's cycles go from predecessor to successor, that is downstream.
        found: list[str] = error.args[1]
        return found[::-1]
    return None


def _readers(manifest: Manifest, key: str) -> list[tuple[str, Asset | Check]]:
    """What of a team depends on a key, by how a message names it."""
    assets = [
        (asset.key, asset) for asset in manifest.assets if key in {dep.key for dep in asset.deps}
    ]
    checks = [(f"the check {check.name}", check) for check in manifest.checks if key in check.reads]
    return [*assets, *checks]


def _source(manifest: Manifest, key: str) -> SourceLocation | None:
    """The line where a team depends on a key, or declares it."""
    items = [item for _, item in _readers(manifest, key)]
    sources = [one.source for one in (*items, manifest.external_assets.get(key)) if one]
    return next(filter(None, sources), None)


def _groups(keys: Sequence[str]) -> dict[str, list[str]]:
    """Keys that are many in one place, by a pattern that they match."""
    found: dict[str, list[str]] = {}
    for key in keys:
        if start := PLACE.match(key):
            found.setdefault(f"{start[0]}*", []).append(key)
    return {pattern: same for pattern, same in found.items() if len(same) >= MANY}


def _near(key: str, snapshot: Snapshot) -> str | None:
    """The most similar key that a team produces."""
    return next(iter(get_close_matches(key, snapshot.producers, n=1, cutoff=0.6)), None)


def _correct(key: str, snapshot: Snapshot) -> str:
    declare = DECLARE.format(key=key)
    near = _near(key, snapshot)
    if near is None:
        return f"correct the key, {declare}"
    team = snapshot.producers[near][0][0].team.name
    return f"did you mean {near} of {team}? Correct the key, {declare}"

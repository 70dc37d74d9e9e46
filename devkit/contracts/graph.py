"""Contracts on the graph of assets: each key is made once, and what is read or watched is made."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from devkit.contracts.snapshot import Finding, Snapshot, names
from devkit.definitions.manifest import Asset, Check

DECLARE = (
    'or, if nobody here makes it, declare it: dg.AssetSpec("{key}", '
    'tags={{"dagteam/external": "who-makes-it"}})'
)


def duplicate_keys(snapshot: Snapshot) -> Iterator[Finding]:
    """`key-made-twice`: two teams make one key, and each would overwrite the other's table."""
    for key, made in snapshot.producers.items():
        if len(made) > 1:
            teams = names(*(manifest for manifest, _ in made))
            yield Finding(
                "key-made-twice",
                f"the asset {key} is made by {' and by '.join(teams)}",
                f"let one team make it; the others name it: dg.AssetSpec({key!r})",
                teams,
                (key,),
                made[-1][1].place,
            )


def cycles(snapshot: Snapshot) -> Iterator[Finding]:
    """`cycle-across-teams`: an asset waits for itself by way of another team."""
    reads = {
        key: sorted({dep.key for _, asset in made for dep in asset.deps if dep.key != key})
        for key, made in snapshot.producers.items()
    }
    while cycle := _cycle(reads):
        reads[cycle[0]].remove(cycle[1])  # and look for the next
        producers = [snapshot.producers[key][0] for key in cycle]
        teams = names(*(manifest for manifest, _ in producers))
        if len(teams) > 1:  # within one team Dagster itself refuses it
            yield Finding(
                "cycle-across-teams",
                "each of these assets reads the next: " + " -> ".join(cycle),
                "let one of them read something else",
                teams,
                tuple(cycle[:-1]),
                producers[0][1].place,
            )


def missing_upstream(snapshot: Snapshot) -> Iterator[Finding]:
    """`key-nobody-makes`: an asset or a check reads what no team makes and nobody declares."""
    for manifest in snapshot.manifests:
        for key in sorted(manifest.reads):
            if snapshot.has_no_producer(key):
                readers: list[tuple[str, Asset | Check]] = [
                    (asset.key, asset)
                    for asset in manifest.assets
                    if key in {dep.key for dep in asset.deps}
                ]
                readers += [
                    (f"the check {one.name}", one) for one in manifest.checks if key in one.reads
                ]
                reader = readers[0][0]
                found = (*(one for _, one in readers), manifest.external_assets.get(key))
                places = [one.place for one in found if one and one.place]
                yield Finding(
                    "key-nobody-makes",
                    f"{reader} of {manifest.team.name} reads {key}, which no team makes",
                    _correct(key, snapshot),
                    names(manifest),
                    (key,),
                    next(iter(places), None),
                )


def missing_watched(snapshot: Snapshot) -> Iterator[Finding]:
    """`watch-nobody-makes`: a sensor or a condition waits for what no team makes."""
    for manifest in snapshot.manifests:
        watchers = [
            *((f"the sensor {one.name}", one.watches, one.place) for one in manifest.sensors),
            *(
                (f"the automation condition of {one.key}", one.watches, one.place)
                for one in manifest.assets
            ),
        ]
        for watcher, watches, place in watchers:
            for key in watches:
                if snapshot.has_no_producer(key):
                    yield Finding(
                        "watch-nobody-makes",
                        f"{watcher} of {manifest.team.name} watches {key}, which no team makes: "
                        "it will never fire",
                        _correct(key, snapshot),
                        names(manifest),
                        (key,),
                        place,
                    )


def shadowed(snapshot: Snapshot) -> Iterator[Finding]:
    """`stub-shadows-own`: a `SourceAsset` hides the team's own asset of that key from Dagster."""
    for manifest in snapshot.manifests:
        for asset in manifest.assets:
            if asset.shadowed:
                yield Finding(
                    "stub-shadows-own",
                    f"{manifest.team.name} makes {asset.key} and has an external asset of the "
                    "same key: Dagster takes that one, and nothing can be materialised",
                    "delete the external one: a team's own asset needs none",
                    names(manifest),
                    (asset.key,),
                    asset.place,
                )


def external_but_produced(snapshot: Snapshot) -> Iterator[Finding]:
    """`external-is-made`: a key is declared to be made by nobody here, and a team makes it."""
    for manifest in snapshot.manifests:
        for asset in manifest.external_assets.values():
            if asset.external is not None and asset.key in snapshot.producers:
                producers = names(*(producer for producer, _ in snapshot.producers[asset.key]))
                yield Finding(
                    "external-is-made",
                    f"{manifest.team.name} declares {asset.key} to be made outside "
                    f"({asset.external}), but {' and '.join(producers)} makes it",
                    "delete the tag dagteam/external from its AssetSpec",
                    (*names(manifest), *producers),
                    (asset.key,),
                    asset.place,
                )


def _cycle(reads: dict[str, list[str]]) -> Sequence[str] | None:
    """A cycle, its first key again at its end; each key reads the next."""
    try:
        TopologicalSorter(reads).prepare()
    except CycleError as error:
        # graphlib's go from predecessor to successor: from what is read to its reader.
        found: list[str] = error.args[1]
        return found[::-1]
    return None


def _correct(key: str, snapshot: Snapshot) -> str:
    near = get_close_matches(key, snapshot.producers, n=1, cutoff=0.6)
    producers = f"{near[0]} of {snapshot.producers[near[0]][0][0].team.name}" if near else ""
    guess = f"did you mean {producers}? Correct the key" if near else "correct the key"
    return f"{guess}, {DECLARE.format(key=key)}"

"""Contracts on the graph of assets: each key is made once, and what is read or watched is made."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from devkit.contracts.survey import Finding, Survey, names
from devkit.manifest import Asset, Check

DECLARE = (
    'or, if nobody here makes it, declare it: dg.AssetSpec("{key}", '
    'tags={{"dagteam/external": "who-makes-it"}})'
)


def made_by_two(survey: Survey) -> Iterator[Finding]:
    """`key-made-twice`: two teams make one key, and each would overwrite the other's table."""
    for key, made in survey.makers.items():
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


def cycles(survey: Survey) -> Iterator[Finding]:
    """`cycle-across-teams`: an asset waits for itself by way of another team."""
    reads = {
        key: sorted({dep.key for _, asset in made for dep in asset.deps if dep.key != key})
        for key, made in survey.makers.items()
    }
    while cycle := _cycle(reads):
        reads[cycle[0]].remove(cycle[1])  # and look for the next
        makers = [survey.makers[key][0] for key in cycle]
        teams = names(*(manifest for manifest, _ in makers))
        if len(teams) > 1:  # within one team Dagster itself refuses it
            yield Finding(
                "cycle-across-teams",
                "each of these assets reads the next: " + " -> ".join(cycle),
                "let one of them read something else",
                teams,
                tuple(cycle[:-1]),
                makers[0][1].place,
            )


def read_of_nothing(survey: Survey) -> Iterator[Finding]:
    """`key-nobody-makes`: an asset or a check reads what no team makes and nobody declares."""
    for manifest in survey.manifests:
        for key in sorted(manifest.reads):
            if survey.nobody_makes(key):
                readers: list[tuple[str, Asset | Check]] = [
                    (asset.key, asset)
                    for asset in manifest.assets
                    if key in {dep.key for dep in asset.deps}
                ]
                readers += [
                    (f"the check {one.name}", one) for one in manifest.checks if key in one.reads
                ]
                reader = readers[0][0]
                found = (*(one for _, one in readers), manifest.stubs.get(key))
                places = [one.place for one in found if one and one.place]
                yield Finding(
                    "key-nobody-makes",
                    f"{reader} of {manifest.team.name} reads {key}, which no team makes",
                    _correct(key, survey),
                    names(manifest),
                    (key,),
                    next(iter(places), None),
                )


def watch_of_nothing(survey: Survey) -> Iterator[Finding]:
    """`watch-nobody-makes`: a sensor or a condition waits for what no team makes."""
    for manifest in survey.manifests:
        watchers = [
            *((f"the sensor {one.name}", one.watches, one.place) for one in manifest.sensors),
            *(
                (f"the automation condition of {one.key}", one.watches, one.place)
                for one in manifest.assets
            ),
        ]
        for watcher, watches, place in watchers:
            for key in watches:
                if survey.nobody_makes(key):
                    yield Finding(
                        "watch-nobody-makes",
                        f"{watcher} of {manifest.team.name} watches {key}, which no team makes: "
                        "it will never fire",
                        _correct(key, survey),
                        names(manifest),
                        (key,),
                        place,
                    )


def shadowed(survey: Survey) -> Iterator[Finding]:
    """`stub-shadows-own`: a `SourceAsset` hides the team's own asset of that key from Dagster."""
    for manifest in survey.manifests:
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


def external_but_made(survey: Survey) -> Iterator[Finding]:
    """`external-is-made`: a key is declared to be made by nobody here, and a team makes it."""
    for manifest in survey.manifests:
        for asset in manifest.stubs.values():
            if asset.external is not None and asset.key in survey.makers:
                makers = names(*(maker for maker, _ in survey.makers[asset.key]))
                yield Finding(
                    "external-is-made",
                    f"{manifest.team.name} declares {asset.key} to be made outside "
                    f"({asset.external}), but {' and '.join(makers)} makes it",
                    "delete the tag dagteam/external from its AssetSpec",
                    (*names(manifest), *makers),
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


def _correct(key: str, survey: Survey) -> str:
    near = get_close_matches(key, survey.makers, n=1, cutoff=0.6)
    makers = f"{near[0]} of {survey.makers[near[0]][0][0].team.name}" if near else ""
    guess = f"did you mean {makers}? Correct the key" if near else "correct the key"
    return f"{guess}, {DECLARE.format(key=key)}"

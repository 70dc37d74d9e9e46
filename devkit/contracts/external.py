"""Contracts on external assets: no team produces them, and each pattern matches one."""

from collections.abc import Iterator

from devkit.contracts.snapshot import Finding, Snapshot, names
from devkit.core.paths import shown
from devkit.definitions.external import matching


def external_but_produced(snapshot: Snapshot) -> Iterator[Finding]:
    """`external-is-made`: a key is declared external, and a team produces it."""
    for manifest in snapshot.manifests:
        for asset in manifest.external_assets.values():
            if asset.external is not None and asset.key in snapshot.producers:
                producers = names(*(producer for producer, _ in snapshot.producers[asset.key]))
                file = manifest.patterns.get(asset.external)
                yield Finding(
                    "external-is-made",
                    f"{manifest.team.name} declares {asset.key} as external "
                    f"({asset.external}), but it is produced by {' and '.join(producers)}",
                    f"narrow the pattern in {shown(file)}"
                    if file
                    else "delete the tag dagteam/external from its AssetSpec",
                    (*names(manifest), *producers),
                    (asset.key,),
                    asset.source,
                )


def unused_patterns(snapshot: Snapshot) -> Iterator[Finding]:
    """`external-matches-nothing`: no key that a team depends on matches a pattern."""
    if not snapshot.complete:
        return
    where = {item for manifest in snapshot.manifests for item in manifest.patterns.items()}
    for pattern, file in sorted(where, key=str):
        whose = [one for one in snapshot.manifests if one.patterns.get(pattern) == file]
        keys = {
            key for one in whose for key in one.reads | one.watched | one.external_assets.keys()
        }
        if not any(matching(key, [pattern]) for key in keys):
            yield Finding(
                "external-matches-nothing",
                f"the pattern {pattern!r} in {shown(file)} matches no key that a team depends on",
                "correct it, or delete it from `external` in the table [tool.dagteam]",
                names(*whose) if len(whose) == 1 else (),
            )

"""Contracts on partitions: a consumer's partitions can be mapped to the producer's.

Dagster can't check this itself: each location has only its own definitions, so a consumer's has an
external asset in place of the producer's. The rules are Dagster's own, for its built-in mappings
(`dagster._core.definitions.partitions.utils.mapping.infer_partition_mapping` and the mappings'
`validate_partition_mapping`, 1.13). A custom mapping is not checked.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from devkit.contracts.snapshot import Finding, Snapshot, names
from devkit.core.wording import few

Partitions = Mapping[str, Any]
SHOWN = 3  # of the keys of static partitions, in a message


def mismatches(snapshot: Snapshot) -> Iterator[Finding]:
    """`partitions-unmappable`: a consumer's partitions can't be mapped to the producer's."""
    for manifest, asset, producer, produced in snapshot.cross_team_dependencies():
        dep = next(dep for dep in asset.deps if dep.key == produced.key)
        declared = manifest.external_assets.get(produced.key)
        reason = mismatch(produced.partitions, asset.partitions, dep.mapping)
        fix = "give both the same partitions_def, or the dependency a partition_mapping"
        if reason is None and not (dep.shifted or dep.optional):
            reason = nonexistent(produced.partitions, asset.partitions, dep.mapping)
            if reason:
                fix = (
                    "give the consumer no partitions that its producer does not have, or the "
                    "dependency dg.TimeWindowPartitionMapping("
                    "allow_nonexistent_upstream_partitions=True)"
                )
        if reason is None and dep.loaded and declared and produced.partitions and asset.partitions:
            # The IO manager uses the partitions that the consumer's own AssetSpec declares.
            fix = f"give {manifest.team.name}'s AssetSpec of it the partitions_def of its producer"
            if declared.partitions is None:
                reason = "the consumer's AssetSpec of it has no partitions, so none would be loaded"
            else:
                reason = mismatch(
                    produced.partitions, declared.partitions, "IdentityPartitionMapping"
                )
        if reason:
            yield Finding(
                "partitions-unmappable",
                f"{asset.key} of {manifest.team.name} depends on {produced.key} of "
                f"{producer.team.name}, but {reason}",
                fix,
                names(manifest, producer),
                (produced.key, asset.key),
                asset.source,
            )


def mismatch(
    producer: Partitions | None, consumer: Partitions | None, mapping: str | None
) -> str | None:
    """Why a consumer's partitions can't be mapped to a producer's; None if they can.

    `mapping` is the class of the dependency's own mapping; without one, Dagster infers it.
    """
    if producer is None or consumer is None:  # maps to all partitions
        return None
    kinds = (producer["type"], consumer["type"])
    differ = (
        f"the producer is partitioned by {_described(producer)}, "
        f"the consumer by {_described(consumer)}"
    )
    if mapping is None:
        mapping = _inferred(producer, consumer)
    if mapping == "TimeWindowPartitionMapping":
        return _time_zones(producer, consumer) if kinds == ("time", "time") else differ
    if mapping == "StaticPartitionMapping":
        return None if kinds == ("static", "static") else differ
    if mapping == "MultiPartitionMapping":
        return None if kinds == ("multi", "multi") else differ
    if mapping == "MultiToSingleDimensionPartitionMapping":
        return None if kinds.count("multi") == 1 and _is_dimension(producer, consumer) else differ
    if mapping == "IdentityPartitionMapping":
        return _key_mismatch(producer, consumer, differ)
    return None


def nonexistent(
    producer: Partitions | None, consumer: Partitions | None, mapping: str | None
) -> str | None:
    """Which partitions of a consumer need ones that the producer does not have; None if none do.

    Dagster refuses a backfill of these. A first partition that has some of what it needs, such as
    the month in which the producer begins, is not reported.
    """
    if not producer or not consumer or (producer["type"], consumer["type"]) != ("time", "time"):
        return None
    if mapping not in (None, "TimeWindowPartitionMapping", "IdentityPartitionMapping"):
        return None
    ours, theirs = _first(consumer), _first(producer)
    if ours and theirs and ours[1] <= theirs[0]:
        return f"it begins on {ours[0]:%Y-%m-%d}, and its producer on {theirs[0]:%Y-%m-%d}"
    ends = consumer["end"], producer["end"]
    if ends[1] and (not ends[0] or _time(ends[0]) > _time(ends[1])):
        return f"its producer ends on {_time(ends[1]):%Y-%m-%d}, and it later or never"
    return None


def _first(partitions: Partitions) -> list[datetime] | None:
    """Start and end of the first window; None if it is in the future."""
    return [_time(text) for text in partitions["first"]] if partitions["first"] else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _inferred(producer: Partitions, consumer: Partitions) -> str:
    kinds = (producer["type"], consumer["type"])
    if kinds.count("multi") == 1 and _is_dimension(producer, consumer):
        return "MultiToSingleDimensionPartitionMapping"
    if kinds == ("time", "time"):
        return "TimeWindowPartitionMapping"
    return "IdentityPartitionMapping"


def _is_dimension(producer: Partitions, consumer: Partitions) -> bool:
    """Whether the one that is not multi-dimensional is a dimension of the other."""
    single, multi = (consumer, producer) if producer["type"] == "multi" else (producer, consumer)
    return any(
        dimension == single or (dimension["type"] == single["type"] == "time")
        for dimension in multi["dimensions"].values()
    )


def _key_mismatch(producer: Partitions, consumer: Partitions, differ: str) -> str | None:
    """Why a key of the consumer may not be a key of the producer; None if it always is."""
    if producer["type"] != consumer["type"]:
        return differ
    if producer["type"] == "static":
        missing = [key for key in consumer["keys"] if key not in producer["keys"]]
        return f"its producer has no partition {', '.join(missing[:5])}" if missing else None
    if producer["type"] == "multi":
        ours, theirs = consumer["dimensions"], producer["dimensions"]
        if theirs.keys() != ours.keys():
            return differ
        reasons = (_key_mismatch(theirs[name], ours[name], differ) for name in theirs)
        return next(filter(None, reasons), None)
    if producer["type"] == "time":
        same = producer["cron"] == consumer["cron"] and producer["timezone"] == consumer["timezone"]
        return None if same else differ
    return None if producer == consumer else differ


def _time_zones(producer: Partitions, consumer: Partitions) -> str | None:
    zones = producer["timezone"], consumer["timezone"]
    return None if zones[0] == zones[1] else f"the time zones are {zones[0]} and {zones[1]}"


def _described(partitions: Partitions) -> str:
    kind: str = partitions["type"]
    if kind == "time":
        return f"time ({partitions['cron']}, {partitions['timezone']})"
    if kind == "static":
        return f"the keys {', '.join(few(partitions['keys'], SHOWN))}"
    if kind == "multi":
        return f"the dimensions {', '.join(partitions['dimensions'])}"
    return f"{kind} {partitions.get('name') or partitions.get('class', '')}".strip()

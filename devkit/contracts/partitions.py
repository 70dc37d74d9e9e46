"""Contracts on partitions: the reader's can be mapped to the producer's.

Each team sees only its own definitions, so Dagster can't tell: the reader's location holds a
stub, whatever partitions the producer has. The rules are Dagster's own, for its built-in mappings
(`dagster._core.definitions.partitions.utils.mapping.infer_partition_mapping` and the mappings'
`validate_partition_mapping`, 1.13); a mapping of somebody's own is trusted.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from devkit.contracts.snapshot import Finding, Snapshot, names

Partitions = Mapping[str, Any]


def mismatches(snapshot: Snapshot) -> Iterator[Finding]:
    """`partitions-unmappable`: no partition of the producer's belongs to the reader's."""
    for manifest, asset, made, producer in snapshot.reads():
        dep = next(dep for dep in asset.deps if dep.key == made.key)
        stub = manifest.external_assets.get(made.key)
        reason = mismatch(made.partitions, asset.partitions, dep.mapping)
        fix = "give both the same partitions_def, or the dependency a partition_mapping"
        if reason is None and dep.loaded and stub and made.partitions and asset.partitions:
            # What loads it goes by the partitions that the reader's own stub has.
            fix = f"give {manifest.team.name}'s AssetSpec of it the partitions_def of its producer"
            if stub.partitions is None:
                reason = "the reader's AssetSpec of it has no partitions: none would be loaded"
            else:
                reason = mismatch(made.partitions, stub.partitions, "IdentityPartitionMapping")
        if reason:
            yield Finding(
                "partitions-unmappable",
                f"{asset.key} of {manifest.team.name} reads {made.key} of {producer.team.name}, "
                f"but {reason}",
                fix,
                names(manifest, producer),
                (made.key, asset.key),
                asset.place,
            )


def mismatch(
    producer: Partitions | None, reader: Partitions | None, mapping: str | None
) -> str | None:
    """Why a reader's partitions can't be mapped to a producer's; None if they can.

    `mapping` is the class of the dependency's own mapping; without one Dagster infers it.
    """
    if producer is None or reader is None:  # then it is all of them
        return None
    kinds = (producer["type"], reader["type"])
    differ = f"the one is partitioned by {_named(producer)}, the other by {_named(reader)}"
    if mapping is None:
        mapping = _inferred(producer, reader)
    if mapping == "TimeWindowPartitionMapping":
        return _times(producer, reader) if kinds == ("time", "time") else differ
    if mapping == "StaticPartitionMapping":
        return None if kinds == ("static", "static") else differ
    if mapping == "MultiPartitionMapping":
        return None if kinds == ("multi", "multi") else differ
    if mapping == "MultiToSingleDimensionPartitionMapping":
        return None if kinds.count("multi") == 1 and _dimension(producer, reader) else differ
    if mapping == "IdentityPartitionMapping":
        return _unlike(producer, reader, differ)
    return None


def _inferred(producer: Partitions, reader: Partitions) -> str:
    kinds = (producer["type"], reader["type"])
    if kinds.count("multi") == 1 and _dimension(producer, reader):
        return "MultiToSingleDimensionPartitionMapping"
    if kinds == ("time", "time"):
        return "TimeWindowPartitionMapping"
    return "IdentityPartitionMapping"


def _dimension(producer: Partitions, reader: Partitions) -> bool:
    """Whether the one, which has a single dimension, is a dimension of the other."""
    single, many = (reader, producer) if producer["type"] == "multi" else (producer, reader)
    return any(
        dimension == single or (dimension["type"] == single["type"] == "time")
        for dimension in many["dimensions"].values()
    )


def _unlike(producer: Partitions, reader: Partitions, differ: str) -> str | None:
    """Why one key can't name a partition of each."""
    if producer["type"] != reader["type"]:
        return differ
    if producer["type"] == "static":
        missing = [key for key in reader["keys"] if key not in producer["keys"]]
        return f"its producer has no partition {', '.join(missing[:5])}" if missing else None
    if producer["type"] == "multi":
        if producer["dimensions"].keys() != reader["dimensions"].keys():
            return differ
        pairs = [
            (producer["dimensions"][n], reader["dimensions"][n]) for n in producer["dimensions"]
        ]
        return next(filter(None, (_unlike(*pair, differ) for pair in pairs)), None)
    if producer["type"] == "time":
        same = producer["cron"] == reader["cron"] and producer["timezone"] == reader["timezone"]
        return None if same else differ
    return None if producer == reader else differ


def _times(producer: Partitions, reader: Partitions) -> str | None:
    zones = producer["timezone"], reader["timezone"]
    return None if zones[0] == zones[1] else f"the time zones are {zones[0]} and {zones[1]}"


def _named(partitions: Partitions) -> str:
    kind: str = partitions["type"]
    if kind == "time":
        return f"time ({partitions['cron']}, {partitions['timezone']})"
    if kind == "static":
        return f"the {len(partitions['keys'])} keys {', '.join(partitions['keys'][:3])} ..."
    if kind == "multi":
        return f"the dimensions {', '.join(partitions['dimensions'])}"
    return f"{kind} {partitions.get('name') or partitions.get('class', '')}".strip()

"""Contracts on columns: a reader finds those that it declares, in the producer's declaration."""

from collections.abc import Iterator

from devkit.contracts.snapshot import Finding, Snapshot, names
from devkit.definitions.manifest import Asset


def mismatches(snapshot: Snapshot) -> Iterator[Finding]:
    """`columns-undeclared`, `column-missing`, `column-type`: what a reader's AssetSpec asks for."""
    for manifest in snapshot.manifests:
        for stub in manifest.external_assets.values():
            producers = snapshot.producers.get(stub.key, [])
            if stub.columns is None or len(producers) != 1:
                continue
            producer, made = producers[0]
            for code, what, fix in _faults(stub, made):
                yield Finding(
                    code,
                    f"{manifest.team.name} needs of {stub.key} {what} ({producer.team.name})",
                    fix,
                    names(manifest, producer),
                    (stub.key,),
                    stub.place or made.place,
                )


def _faults(stub: Asset, made: Asset) -> Iterator[tuple[str, str, str]]:
    """The code, what is wrong and how to fix it."""
    needed = {column.name: column.type for column in stub.columns or ()}
    if made.columns is None:
        yield (
            "columns-undeclared",
            f"the columns {', '.join(needed)}, but its producer declares none",
            f"let the producer declare them on {stub.key}: "
            'metadata={"dagster/column_schema": dg.TableSchema(...)}',
        )
        return
    there = {column.name: column.type for column in made.columns}
    agree = "let the producer keep it, or the reader do without: change one of the two schemas"
    for name, kind in needed.items():
        if name not in there:
            yield (
                "column-missing",
                f"the column {name}; its producer declares {', '.join(there)}",
                agree,
            )
        elif there[name] != kind:
            yield (
                "column-type",
                f"the column {name} as {kind}; its producer declares {there[name]}",
                agree,
            )

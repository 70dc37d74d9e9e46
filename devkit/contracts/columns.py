"""Contracts on columns: the producer declares the columns that a consumer needs."""

from collections.abc import Iterator

from devkit.contracts.snapshot import Finding, Snapshot, names
from devkit.definitions.manifest import Asset

DECLARE = 'metadata={"dagster/column_schema": dg.TableSchema(...)}'
AGREE = "keep it in the producer, or drop it from the consumer: change one of the two schemas"


def mismatches(snapshot: Snapshot) -> Iterator[Finding]:
    """`columns-undeclared`, `column-missing`, `column-type`: a consumer needs other columns."""
    for manifest in snapshot.manifests:
        for needed in manifest.external_assets.values():
            producers = snapshot.producers.get(needed.key, [])
            if len(producers) != 1:
                continue
            producer, produced = producers[0]
            for code, needs, declares, fix in _compare(needed, produced):
                yield Finding(
                    code,
                    f"{manifest.team.name} needs {needs}, but {producer.team.name} {declares}",
                    fix,
                    names(manifest, producer),
                    (needed.key,),
                    needed.source or produced.source,
                )


def _compare(needed: Asset, produced: Asset) -> Iterator[tuple[str, str, str, str]]:
    """Of each mismatch: the code, what is needed, what is declared, and the fix."""
    if needed.columns is None:
        return
    key = needed.key
    wanted = {column.name: column.type for column in needed.columns}
    if produced.columns is None:
        columns = f"the columns {', '.join(wanted)} of {key}"
        fix = f"let the producer declare them on {key}: {DECLARE}"
        yield "columns-undeclared", columns, "declares none", fix
        return
    declared = {column.name: column.type for column in produced.columns}
    for name, kind in wanted.items():
        if name not in declared:
            columns = ", ".join(declared) or "none"
            yield "column-missing", f"the column {name} of {key}", f"declares {columns}", AGREE
        elif declared[name] != kind:
            column = f"the column {name} of {key} as {kind}"
            yield "column-type", column, f"declares {declared[name]}", AGREE

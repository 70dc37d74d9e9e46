"""Contracts on columns: a reader finds those that it declares, in the maker's declaration."""

from collections.abc import Iterator

from devkit.contracts.survey import Finding, Survey, names
from devkit.manifest import Asset


def unmet(survey: Survey) -> Iterator[Finding]:
    """`columns-undeclared`, `column-missing`, `column-type`: what a reader's AssetSpec asks for."""
    for manifest in survey.manifests:
        for stub in manifest.stubs.values():
            makers = survey.makers.get(stub.key, [])
            if stub.columns is None or len(makers) != 1:
                continue
            maker, made = makers[0]
            for code, what, mend in _faults(stub, made):
                yield Finding(
                    code,
                    f"{manifest.team.name} needs of {stub.key} {what} ({maker.team.name})",
                    mend,
                    names(manifest, maker),
                    (stub.key,),
                    stub.place or made.place,
                )


def _faults(stub: Asset, made: Asset) -> Iterator[tuple[str, str, str]]:
    """The code, what is wrong and how to mend it."""
    needed = {column.name: column.type for column in stub.columns or ()}
    if made.columns is None:
        yield (
            "columns-undeclared",
            f"the columns {', '.join(needed)}, but its maker declares none",
            f"let the maker declare them on {stub.key}: "
            'metadata={"dagster/column_schema": dg.TableSchema(...)}',
        )
        return
    there = {column.name: column.type for column in made.columns}
    agree = "let the maker keep it, or the reader do without: change one of the two schemas"
    for name, kind in needed.items():
        if name not in there:
            yield (
                "column-missing",
                f"the column {name}; its maker declares {', '.join(there)}",
                agree,
            )
        elif there[name] != kind:
            yield (
                "column-type",
                f"the column {name} as {kind}; its maker declares {there[name]}",
                agree,
            )

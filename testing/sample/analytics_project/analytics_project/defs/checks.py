"""Checks of the stored tables, run after each materialization."""

import dagster as dg

from utils import Table

PACKAGED_ROWS = 344
KNOWN_SPECIES = frozenset({"Adelie", "Chinstrap", "Gentoo"})


@dg.asset_check(asset="penguins")
def row_count(penguins: Table) -> dg.AssetCheckResult:
    """The table has 344 rows. Another number is a warning; an empty table is an error."""
    rows = len(penguins)
    return dg.AssetCheckResult(
        passed=rows == PACKAGED_ROWS,
        severity=dg.AssetCheckSeverity.WARN if rows else dg.AssetCheckSeverity.ERROR,
        metadata={"rows": rows, "expected": PACKAGED_ROWS},
    )


@dg.asset_check(asset="penguins")
def no_negative_measurements(penguins: Table) -> dg.AssetCheckResult:
    """No length, mass or year is negative; missing values are allowed."""
    negative = (penguins.select_dtypes("number") < 0).sum()
    return dg.AssetCheckResult(
        passed=bool(negative.sum() == 0),
        metadata={f"negative {column}": int(count) for column, count in negative.items() if count},
    )


@dg.asset_check(asset="penguins")
def known_species(penguins: Table) -> dg.AssetCheckResult:
    """Every penguin is an Adelie, a Chinstrap or a Gentoo."""
    unknown = penguins["species"][~penguins["species"].isin(KNOWN_SPECIES)]
    return dg.AssetCheckResult(
        passed=unknown.empty,
        metadata={"unknown rows": len(unknown), "unknown species": sorted(map(str, set(unknown)))},
    )

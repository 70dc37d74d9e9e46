"""Contracts on columns: a consumer's AssetSpec against the producer's declaration."""

from collections.abc import Mapping

import pytest

from devkit import contracts
from devkit.contracts.snapshot import Snapshot
from devkit.registry.team import Team
from testing.contracts import case, findings_of, misplaced, summary, unclaimed, universe


def schema(**columns: str) -> str:
    """The metadata that declares these columns."""
    each = ", ".join(f"dg.TableColumn({name!r}, {kind!r})" for name, kind in columns.items())
    return f"{{'dagster/column_schema': dg.TableSchema([{each}])}}"


def producer(name: str, metadata: str = "{}") -> str:
    return f"@dg.asset(metadata={metadata})\ndef {name}() -> None: ..."


def consumer(name: str, metadata: str = "{}") -> str:
    return (
        f"declared = dg.AssetSpec('{name}', metadata={metadata})\n\n"
        f"@dg.asset(deps=[declared])\ndef of_{name}() -> None: ..."
    )


BREAKS = {
    "missing": case(
        ("column-missing", "ml analytics", "birds"),
        analytics=producer("birds", schema(wing="float64", beak="float64")),
        ml=consumer("birds", schema(wing="float64", tail="float64")),
    ),
    "other_type": case(
        ("column-type", "ml analytics", "fish"),
        analytics=producer("fish", schema(weight="float64")),
        ml=consumer("fish", schema(weight="int64")),
    ),
    "other_case": case(
        ("column-missing", "ml analytics", "frogs"),
        analytics=producer("frogs", schema(Legs="int64")),
        ml=consumer("frogs", schema(legs="int64")),
    ),
    "undeclared": case(
        ("columns-undeclared", "ml analytics", "snakes"),
        analytics=producer("snakes"),
        ml=consumer("snakes", schema(length="float64")),
    ),
    "several": case(
        ("column-missing", "ml analytics", "whales"),
        ("column-missing", "ml analytics", "whales"),
        ("column-type", "ml analytics", "whales"),
        analytics=producer("whales", schema(mass="float64", name="string")),
        ml=consumer("whales", schema(song="string", mass="int64", depth="float64")),
    ),
    "one_of_two_consumers": case(
        ("column-missing", "sales analytics", "crabs"),
        analytics=producer("crabs", schema(armour="string")),
        ml=consumer("crabs", schema(armour="string")),
        sales=consumer("crabs", schema(claws="int64")).replace("of_", "more_"),
    ),
    "source_asset": case(
        ("column-missing", "ml analytics", "reef/corals"),
        analytics=(
            "@dg.multi_asset(specs=[\n"
            f"    dg.AssetSpec(['reef', 'corals'], metadata={schema(color='string')})\n"
            "])\n"
            "def reefs() -> None: ..."
        ),
        ml=f"declared = dg.SourceAsset(['reef', 'corals'], metadata={schema(age='int64')})",
    ),
}

HOLDS = {
    "same": case(
        analytics=producer("cats", schema(fur="string", lives="int64")),
        ml=consumer("cats", schema(fur="string", lives="int64")),
    ),
    "some_in_other_order": case(
        analytics=producer("dogs", schema(fur="string", age="int64", name="string")),
        ml=consumer("dogs", schema(name="string", fur="string")),
    ),
    "nothing_needed": case(
        analytics=producer("cows", schema(milk="float64")),
        ml=consumer("cows"),
    ),
    "nothing_declared": case(
        analytics=producer("pigs"),
        ml="@dg.asset(deps=['pigs'])\ndef sty() -> None: ...",
    ),
    "no_column_needed": case(
        analytics=producer("ducks", schema(feathers="int64")),
        ml=consumer("ducks", schema()),
    ),
    "same_name_with_another_prefix": case(
        analytics=producer("bees", schema(honey="float64")),
        ml=(
            f"@dg.asset(key_prefix='wild', deps=['bees'], metadata={schema(stings='int64')})\n"
            "def bees() -> None: ..."
        ),
    ),
    "described": case(
        analytics=(
            "@dg.asset(metadata={'dagster/column_schema': dg.TableSchema(columns=[\n"
            "    dg.TableColumn('hooves', 'int64', description='Four.',\n"
            "                   constraints=dg.TableColumnConstraints(nullable=False)),\n"
            "])})\n"
            "def horses() -> None: ..."
        ),
        ml=consumer("horses", schema(hooves="int64")),
    ),
    "as_a_metadata_value": case(
        analytics=producer(
            "goats",
            "{'dagster/column_schema': "
            "dg.MetadataValue.table_schema(dg.TableSchema([dg.TableColumn('horns', 'int64')]))}",
        ),
        ml=consumer("goats", schema(horns="int64")),
    ),
    "external": case(
        ml=(
            "declared = dg.AssetSpec('sheep', tags={'dagteam/external': 'shepherd'}, "
            f"metadata={schema(wool='float64')})\n\n"
            "@dg.asset(deps=[declared])\ndef jumper() -> None: ..."
        ),
    ),
    "own": case(
        analytics=(
            f"{producer('hens', schema(eggs='int64'))}\n\n"
            f"@dg.asset(deps=[hens], metadata={schema(yolk='string')})\ndef omelette() -> None: ..."
        ),
    ),
}


@pytest.fixture(scope="module")
def snapshot(teams: Mapping[str, Team], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return universe(teams, tmp_path_factory.mktemp("cases"), {**BREAKS, **HOLDS})


@pytest.mark.parametrize("name", BREAKS)
def test_mismatch_is_found(snapshot: Snapshot, name: str) -> None:
    assert summary(snapshot, BREAKS[name]) == [*BREAKS[name].findings]
    assert misplaced(snapshot, name, BREAKS[name]) == []


def test_no_other_mismatch_is_found(snapshot: Snapshot) -> None:
    assert unclaimed(snapshot, {**BREAKS, **HOLDS}) == []


@pytest.mark.parametrize("name", HOLDS)
def test_matching_columns_have_no_findings(snapshot: Snapshot, name: str) -> None:
    assert summary(snapshot, HOLDS[name]) == []


def test_finding_names_the_column_and_the_declared_ones(snapshot: Snapshot) -> None:
    found = contracts.broken(snapshot)
    (missing,) = findings_of(found, BREAKS["missing"])
    assert missing.message == (
        "ml needs the column tail of birds, but analytics declares wing, beak"
    )
    (other,) = findings_of(found, BREAKS["other_type"])
    assert other.message == (
        "ml needs the column weight of fish as int64, but analytics declares float64"
    )
    (undeclared,) = findings_of(found, BREAKS["undeclared"])
    assert undeclared.message == (
        "ml needs the columns length of snakes, but analytics declares none"
    )
    assert "dagster/column_schema" in undeclared.fix

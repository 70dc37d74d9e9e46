"""Columns: what a reader's AssetSpec asks for is what the producer declares."""

from collections.abc import Mapping

import pytest

from devkit import contracts
from devkit.contracts.snapshot import Snapshot
from devkit.registry.workspace import Team
from testing.contracts import case, misplaced, summary, told, unclaimed, universe


def schema(**columns: str) -> str:
    """The metadata that declares these columns."""
    each = ", ".join(f"dg.TableColumn({name!r}, {kind!r})" for name, kind in columns.items())
    return f"{{'dagster/column_schema': dg.TableSchema([{each}])}}"


def producer(name: str, metadata: str = "{}") -> str:
    return f"@dg.asset(metadata={metadata})\ndef {name}() -> None: ..."


def reader(name: str, metadata: str = "{}") -> str:
    return (
        f"stub = dg.AssetSpec('{name}', metadata={metadata})\n\n"
        f"@dg.asset(deps=[stub])\ndef of_{name}() -> None: ..."
    )


BREAKS = {
    "missing": case(
        ("column-missing", "ml analytics", "birds"),
        analytics=producer("birds", schema(wing="float64", beak="float64")),
        ml=reader("birds", schema(wing="float64", tail="float64")),
    ),
    "other_type": case(
        ("column-type", "ml analytics", "fish"),
        analytics=producer("fish", schema(weight="float64")),
        ml=reader("fish", schema(weight="int64")),
    ),
    "other_case": case(
        ("column-missing", "ml analytics", "frogs"),
        analytics=producer("frogs", schema(Legs="int64")),
        ml=reader("frogs", schema(legs="int64")),
    ),
    "undeclared": case(
        ("columns-undeclared", "ml analytics", "snakes"),
        analytics=producer("snakes"),
        ml=reader("snakes", schema(length="float64")),
    ),
    "several": case(
        ("column-missing", "ml analytics", "whales"),
        ("column-missing", "ml analytics", "whales"),
        ("column-type", "ml analytics", "whales"),
        analytics=producer("whales", schema(mass="float64", name="string")),
        ml=reader("whales", schema(song="string", mass="int64", depth="float64")),
    ),
    "one_of_two_readers": case(
        ("column-missing", "sales analytics", "crabs"),
        analytics=producer("crabs", schema(armour="string")),
        ml=reader("crabs", schema(armour="string")),
        sales=reader("crabs", schema(claws="int64")).replace("of_", "more_"),
    ),
    "source_asset": case(
        ("column-missing", "ml analytics", "reef/corals"),
        analytics=(
            "@dg.multi_asset(specs=[\n"
            f"    dg.AssetSpec(['reef', 'corals'], metadata={schema(colour='string')})\n"
            "])\n"
            "def reefs() -> None: ..."
        ),
        ml=f"stub = dg.SourceAsset(['reef', 'corals'], metadata={schema(age='int64')})",
    ),
}

HOLDS = {
    "same": case(
        analytics=producer("cats", schema(fur="string", lives="int64")),
        ml=reader("cats", schema(fur="string", lives="int64")),
    ),
    "some_in_other_order": case(
        analytics=producer("dogs", schema(fur="string", age="int64", name="string")),
        ml=reader("dogs", schema(name="string", fur="string")),
    ),
    "nothing_needed": case(
        analytics=producer("cows", schema(milk="float64")),
        ml=reader("cows"),
    ),
    "nothing_declared": case(
        analytics=producer("pigs"),
        ml="@dg.asset(deps=['pigs'])\ndef sty() -> None: ...",
    ),
    "no_column_needed": case(
        analytics=producer("ducks", schema(feathers="int64")),
        ml=reader("ducks", schema()),
    ),
    "same_key_in_another_place": case(
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
        ml=reader("horses", schema(hooves="int64")),
    ),
    "as_a_metadata_value": case(
        analytics=producer(
            "goats",
            "{'dagster/column_schema': "
            "dg.MetadataValue.table_schema(dg.TableSchema([dg.TableColumn('horns', 'int64')]))}",
        ),
        ml=reader("goats", schema(horns="int64")),
    ),
    "external": case(
        ml=(
            "stub = dg.AssetSpec('sheep', tags={'dagteam/external': 'shepherd'}, "
            f"metadata={schema(wool='float64')})\n\n"
            "@dg.asset(deps=[stub])\ndef jumper() -> None: ..."
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
def test_a_need_that_is_not_met_is_found(snapshot: Snapshot, name: str) -> None:
    assert summary(snapshot, BREAKS[name]) == [*BREAKS[name].findings]
    assert misplaced(snapshot, name, BREAKS[name]) == []


def test_nothing_else_is_found(snapshot: Snapshot) -> None:
    assert unclaimed(snapshot, {**BREAKS, **HOLDS}) == []


@pytest.mark.parametrize("name", HOLDS)
def test_a_need_that_is_met_trips_nothing(snapshot: Snapshot, name: str) -> None:
    assert summary(snapshot, HOLDS[name]) == []


def test_a_finding_names_the_column_and_what_there_is(snapshot: Snapshot) -> None:
    found = contracts.broken(snapshot)
    (missing,) = told(found, BREAKS["missing"])
    assert "the column tail; its producer declares wing, beak" in missing.message
    (other,) = told(found, BREAKS["other_type"])
    assert "the column weight as int64; its producer declares float64" in other.message
    (undeclared,) = told(found, BREAKS["undeclared"])
    assert "the columns length, but its producer declares none" in undeclared.message
    assert "dagster/column_schema" in undeclared.fix

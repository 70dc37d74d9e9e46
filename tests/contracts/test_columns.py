"""Columns: what a reader's AssetSpec asks for is what the maker declares."""

from collections.abc import Mapping

import pytest

from devkit import contracts
from devkit.contracts.survey import Survey
from devkit.workspace import Team
from tests.contracts.support import case, misplaced, summary, told, unclaimed, universe


def schema(**columns: str) -> str:
    """The metadata that declares these columns."""
    each = ", ".join(f"dg.TableColumn({name!r}, {kind!r})" for name, kind in columns.items())
    return f"{{'dagster/column_schema': dg.TableSchema([{each}])}}"


def maker(name: str, metadata: str = "{}") -> str:
    return f"@dg.asset(metadata={metadata})\ndef {name}() -> None: ..."


def reader(name: str, metadata: str = "{}") -> str:
    return (
        f"stub = dg.AssetSpec('{name}', metadata={metadata})\n\n"
        f"@dg.asset(deps=[stub])\ndef of_{name}() -> None: ..."
    )


BREAKS = {
    "missing": case(
        ("column-missing", "ml analytics", "birds"),
        analytics=maker("birds", schema(wing="float64", beak="float64")),
        ml=reader("birds", schema(wing="float64", tail="float64")),
    ),
    "other_type": case(
        ("column-type", "ml analytics", "fish"),
        analytics=maker("fish", schema(weight="float64")),
        ml=reader("fish", schema(weight="int64")),
    ),
    "other_case": case(
        ("column-missing", "ml analytics", "frogs"),
        analytics=maker("frogs", schema(Legs="int64")),
        ml=reader("frogs", schema(legs="int64")),
    ),
    "undeclared": case(
        ("columns-undeclared", "ml analytics", "snakes"),
        analytics=maker("snakes"),
        ml=reader("snakes", schema(length="float64")),
    ),
    "several": case(
        ("column-missing", "ml analytics", "whales"),
        ("column-missing", "ml analytics", "whales"),
        ("column-type", "ml analytics", "whales"),
        analytics=maker("whales", schema(mass="float64", name="string")),
        ml=reader("whales", schema(song="string", mass="int64", depth="float64")),
    ),
    "one_of_two_readers": case(
        ("column-missing", "sales analytics", "crabs"),
        analytics=maker("crabs", schema(armour="string")),
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
        analytics=maker("cats", schema(fur="string", lives="int64")),
        ml=reader("cats", schema(fur="string", lives="int64")),
    ),
    "some_in_other_order": case(
        analytics=maker("dogs", schema(fur="string", age="int64", name="string")),
        ml=reader("dogs", schema(name="string", fur="string")),
    ),
    "nothing_needed": case(
        analytics=maker("cows", schema(milk="float64")),
        ml=reader("cows"),
    ),
    "nothing_declared": case(
        analytics=maker("pigs"),
        ml="@dg.asset(deps=['pigs'])\ndef sty() -> None: ...",
    ),
    "no_column_needed": case(
        analytics=maker("ducks", schema(feathers="int64")),
        ml=reader("ducks", schema()),
    ),
    "same_key_in_another_place": case(
        analytics=maker("bees", schema(honey="float64")),
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
        analytics=maker(
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
            f"{maker('hens', schema(eggs='int64'))}\n\n"
            f"@dg.asset(deps=[hens], metadata={schema(yolk='string')})\ndef omelette() -> None: ..."
        ),
    ),
}


@pytest.fixture(scope="module")
def survey(teams: Mapping[str, Team], tmp_path_factory: pytest.TempPathFactory) -> Survey:
    return universe(teams, tmp_path_factory.mktemp("cases"), {**BREAKS, **HOLDS})


@pytest.mark.parametrize("name", BREAKS)
def test_a_need_that_is_not_met_is_found(survey: Survey, name: str) -> None:
    assert summary(survey, BREAKS[name]) == [*BREAKS[name].findings]
    assert misplaced(survey, name, BREAKS[name]) == []


def test_nothing_else_is_found(survey: Survey) -> None:
    assert unclaimed(survey, {**BREAKS, **HOLDS}) == []


@pytest.mark.parametrize("name", HOLDS)
def test_a_need_that_is_met_trips_nothing(survey: Survey, name: str) -> None:
    assert summary(survey, HOLDS[name]) == []


def test_a_finding_names_the_column_and_what_there_is(survey: Survey) -> None:
    found = contracts.broken(survey)
    (missing,) = told(found, BREAKS["missing"])
    assert "the column tail; its maker declares wing, beak" in missing.message
    (other,) = told(found, BREAKS["other_type"])
    assert "the column weight as int64; its maker declares float64" in other.message
    (undeclared,) = told(found, BREAKS["undeclared"])
    assert "the columns length, but its maker declares none" in undeclared.message
    assert "dagster/column_schema" in undeclared.mend

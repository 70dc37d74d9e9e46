"""Contracts on partitions: which ones Dagster can map between two teams."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from devkit import contracts
from devkit.contracts.snapshot import Snapshot
from devkit.registry.team import Team
from testing.contracts import Case, case, misplaced, summary, unclaimed, universe
from testing.support import run

CODE = "partitions-unmappable"

# Partitions definitions by name.
PARTITIONS = {
    "none": "None",
    "daily": "dg.DailyPartitionsDefinition('2024-01-01')",
    "daily_later": "dg.DailyPartitionsDefinition('2024-03-01', end_offset=1)",
    "daily_in_rome": "dg.DailyPartitionsDefinition('2024-01-01', timezone='Europe/Rome')",
    "daily_to_march": "dg.DailyPartitionsDefinition('2024-01-01', end_date='2024-03-01')",
    "hourly": "dg.HourlyPartitionsDefinition('2024-01-01-00:00')",
    "weekly": "dg.WeeklyPartitionsDefinition('2024-01-01')",
    "monthly": "dg.MonthlyPartitionsDefinition('2024-01-01')",
    "east_west": "dg.StaticPartitionsDefinition(['east', 'west'])",
    "west_east": "dg.StaticPartitionsDefinition(['west', 'east'])",
    "east": "dg.StaticPartitionsDefinition(['east'])",
    "east_north": "dg.StaticPartitionsDefinition(['east', 'north'])",
    "red_blue": "dg.StaticPartitionsDefinition(['red', 'blue'])",
    "customers": "dg.DynamicPartitionsDefinition(name='customers')",
    "suppliers": "dg.DynamicPartitionsDefinition(name='suppliers')",
}
PARTITIONS["day_region"] = (
    f"dg.MultiPartitionsDefinition({{'day': {PARTITIONS['daily']}, "
    f"'region': {PARTITIONS['east_west']}}})"
)
PARTITIONS["region_day"] = (
    f"dg.MultiPartitionsDefinition({{'region': {PARTITIONS['east_west']}, "
    f"'day': {PARTITIONS['daily']}}})"
)
PARTITIONS["day_color"] = (
    f"dg.MultiPartitionsDefinition({{'day': {PARTITIONS['daily']}, "
    f"'color': {PARTITIONS['red_blue']}}})"
)

# Partition mappings by name.
MAPPINGS = {
    "all": "dg.AllPartitionMapping()",
    "last": "dg.LastPartitionMapping()",
    "identity": "dg.IdentityPartitionMapping()",
    "existing": "dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)",
    "before": "dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)",
    "static": "dg.StaticPartitionMapping({'east': 'red', 'west': 'blue'})",
    "specific": "dg.SpecificPartitionsPartitionMapping(['east'])",
    "one_day": "dg.MultiToSingleDimensionPartitionMapping('day')",
    "two_dimensions": (
        "dg.MultiPartitionMapping({'day': dg.DimensionPartitionMapping("
        "dimension_name='day', partition_mapping=dg.IdentityPartitionMapping())})"
    ),
}

OWN_MAPPING = """\
class FirstOfMonth(dg.AllPartitionMapping):
    pass


"""

# The code of a producer, and of consumers that name or load its asset.
PRODUCER = "@dg.asset(partitions_def={producer})\ndef {name}_up() -> None: ..."
NAMES = (
    "@dg.asset(\n"
    "    partitions_def={consumer},\n"
    "    deps=[dg.AssetDep('{name}_up', partition_mapping={mapping})],\n"
    ")\n"
    "def {name}_down() -> None: ..."
)
LOADS = (
    "declared = dg.AssetSpec('{name}_up', partitions_def={declared})\n\n"
    "@dg.asset(\n"
    "    partitions_def={consumer},\n"
    "    ins={{'rows': dg.AssetIn('{name}_up', partition_mapping={mapping})}},\n"
    ")\n"
    "def {name}_down(rows) -> None: ..."
)


def pair(
    name: str, producer: str, consumer: str, mapping: str = "", declared: str = "", *, holds: bool
) -> Case:
    """Two teams' assets with these partitions; with `declared`, an IO manager loads it."""
    words = {
        "name": name,
        "producer": PARTITIONS[producer],
        "consumer": PARTITIONS[consumer],
        "mapping": MAPPINGS.get(mapping, mapping or "None"),
        "declared": PARTITIONS.get(declared, ""),
    }
    finding = (CODE, "ml analytics", f"{name}_up {name}_down")
    return case(
        *([] if holds else [finding]),
        analytics=PRODUCER.format(**words),
        ml=(OWN_MAPPING if mapping == "FirstOfMonth()" else "")
        + (LOADS if declared else NAMES).format(**words),
    )


# By name: the partitions of the producer and of the consumer, the mapping, and the partitions of
# the consumer's AssetSpec.
FIT: dict[str, tuple[str, ...]] = {
    "same_days": ("daily", "daily"),
    "days_that_begin_later": ("daily", "daily_later"),
    "days_that_begin_earlier_allowed": ("daily_later", "daily", "existing"),
    "days_that_begin_earlier_before": ("daily_later", "daily", "before"),
    "days_that_end_earlier": ("daily", "daily_to_march"),
    "days_that_end_too": ("daily_to_march", "daily_to_march"),
    "all_days_to_march": ("daily_to_march", "daily", "all"),
    "hours_of_a_day": ("hourly", "daily"),
    "day_of_an_hour": ("daily", "hourly"),
    "weeks_of_a_month": ("weekly", "monthly"),
    "day_before": ("daily", "daily", "before"),
    "week_before": ("daily", "weekly", "before"),
    "same_days_by_name": ("daily", "daily", "identity"),
    "same_keys": ("east_west", "east_west"),
    "same_keys_in_other_order": ("east_west", "west_east"),
    "some_of_the_keys": ("east_west", "east"),
    "keys_by_other_names": ("east_west", "red_blue", "static"),
    "one_key_for_all": ("east_west", "daily", "specific"),
    "same_dynamic": ("customers", "customers"),
    "same_dimensions": ("day_region", "day_region"),
    "same_dimensions_in_other_order": ("day_region", "region_day"),
    "days_of_dimensions": ("day_region", "daily"),
    "weeks_of_dimensions": ("day_region", "weekly"),
    "region_of_dimensions": ("day_region", "east_west"),
    "dimensions_of_days": ("daily", "day_region"),
    "dimension_by_name": ("day_region", "daily", "one_day"),
    "dimensions_by_name": ("day_region", "day_color", "two_dimensions"),
    "nothing_of_days": ("daily", "none"),
    "days_of_nothing": ("none", "daily"),
    "nothing_of_keys": ("east_west", "none"),
    "dimensions_of_nothing": ("none", "day_region"),
    "nothing_of_nothing": ("none", "none"),
    "all_days": ("daily", "east_west", "all"),
    "all_customers": ("customers", "daily", "all"),
    "last_day": ("daily", "customers", "last"),
    "last_day_for_all": ("daily", "none", "last"),
    "in_a_way_of_its_own": ("daily", "east_west", "FirstOfMonth()"),
    "loaded_days": ("daily", "daily", "", "daily"),
    "loaded_hours": ("hourly", "daily", "", "hourly"),
    "loaded_days_of_which_it_knows_some": ("daily", "daily_later", "", "daily_later"),
    "loaded_keys": ("east_west", "east", "", "east_west"),
    "loaded_keys_of_which_it_knows_some": ("east_west", "east", "", "east"),
    "loaded_for_all": ("daily", "none", "", "daily"),
    "loaded_whole": ("none", "daily", "", "none"),
    "loaded_with_a_mapping": ("daily", "east_west", "all", "daily"),
    "loaded_dimensions": ("day_region", "daily", "", "region_day"),
}
UNFIT: dict[str, tuple[str, ...]] = {
    "days_that_begin_earlier": ("daily_later", "daily"),
    "days_that_begin_earlier_by_name": ("daily_later", "daily", "identity"),
    "weeks_that_begin_earlier": ("daily_later", "weekly"),
    "days_that_end_later": ("daily_to_march", "daily"),
    "loaded_days_that_begin_earlier": ("daily_later", "daily", "", "daily_later"),
    "other_keys": ("east_west", "red_blue"),
    "more_keys": ("east_west", "east_north"),
    "days_of_keys": ("east_west", "daily"),
    "keys_of_days": ("daily", "east_west"),
    "other_dynamic": ("customers", "suppliers"),
    "dynamic_of_keys": ("east_west", "customers"),
    "days_of_dynamic": ("customers", "daily"),
    "days_elsewhere": ("daily", "daily_in_rome"),
    "days_elsewhere_before": ("daily", "daily_in_rome", "before"),
    "no_such_dimension": ("day_region", "red_blue"),
    "other_dimensions": ("day_region", "day_color"),
    "dynamic_of_dimensions": ("day_region", "customers"),
    "time_of_keys": ("east_west", "daily", "before"),
    "static_of_time": ("daily", "red_blue", "static"),
    "identity_of_other_kinds": ("daily", "customers", "identity"),
    "dimension_of_none": ("east_west", "daily", "one_day"),
    "dimensions_of_one": ("daily", "day_region", "two_dimensions"),
    "loaded_by_none": ("daily", "daily", "", "none"),
    "loaded_by_none_with_a_mapping": ("daily", "east_west", "all", "none"),
    "loaded_by_hours": ("daily", "daily", "", "hourly"),
    "loaded_by_other_keys": ("east_west", "east", "", "east_north"),
    "loaded_by_days": ("east_west", "daily", "all", "daily"),
}
HOLDS = {name: pair(name, *row, holds=True) for name, row in FIT.items()}
BREAKS = {name: pair(name, *row, holds=False) for name, row in UNFIT.items()}

# What Dagster reports for each pair within one location: nothing, or an error.
ASK = """\
import json
import sys

import dagster as dg
from dagster._core.definitions.partitions.utils.mapping import infer_partition_mapping


def ask(producer, consumer, mapping):
    if producer is None or consumer is None:
        return None
    mapping = infer_partition_mapping(mapping, consumer, producer)
    try:
        mapping.validate_partition_mapping(producer, consumer)
    except Exception as error:
        return str(error)
    kinds = (dg.StaticPartitionsDefinition, dg.MultiPartitionsDefinition)
    if isinstance(mapping, dg.IdentityPartitionMapping) and isinstance(consumer, kinds):
        keys = consumer.get_partition_keys()
        every = consumer.empty_subset().with_partition_keys(keys)
        upstream = mapping.get_upstream_mapped_partitions_result_for_partitions
        found = upstream(every, consumer, producer)
        if found.required_but_nonexistent_subset.get_partition_keys():
            return "some do not exist"
    mappings = (dg.IdentityPartitionMapping, dg.TimeWindowPartitionMapping)
    if isinstance(mapping, mappings) and isinstance(consumer, dg.TimeWindowPartitionsDefinition):
        keys = consumer.get_partition_keys()
        for key in (keys[0], keys[len(keys) // 2]):
            one = consumer.empty_subset().with_partition_keys([key])
            upstream = mapping.get_upstream_mapped_partitions_result_for_partitions
            found = upstream(one, consumer, producer)
            missing = found.required_but_nonexistent_subset.get_partition_keys()
            if missing and not found.partitions_subset.get_partition_keys():
                return "none exist"
    return None


class FirstOfMonth(dg.AllPartitionMapping):
    pass


rows = json.load(sys.stdin)
print(json.dumps({name: ask(*(eval(text) for text in row)) for name, row in rows.items()}))
"""


@pytest.fixture(scope="module")
def snapshot(teams: Mapping[str, Team], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return universe(teams, tmp_path_factory.mktemp("cases"), {**BREAKS, **HOLDS})


@pytest.mark.parametrize("name", BREAKS)
def test_unmappable_partitions_are_found(snapshot: Snapshot, name: str) -> None:
    assert summary(snapshot, BREAKS[name]) == [*BREAKS[name].findings]
    assert misplaced(snapshot, name, BREAKS[name]) == []


def test_no_other_partitions_are_found(snapshot: Snapshot) -> None:
    assert unclaimed(snapshot, {**BREAKS, **HOLDS}) == []


@pytest.mark.parametrize("name", HOLDS)
def test_mappable_partitions_have_no_findings(snapshot: Snapshot, name: str) -> None:
    assert summary(snapshot, HOLDS[name]) == []


def test_finding_names_both_partitions(snapshot: Snapshot) -> None:
    messages = [finding.message for finding in contracts.broken(snapshot)]
    assert (
        "more_keys_down of ml depends on more_keys_up of analytics, "
        "but its producer has no partition north"
    ) in messages
    assert (
        "days_elsewhere_down of ml depends on days_elsewhere_up of analytics, "
        "but the time zones are UTC and Europe/Rome"
    ) in messages


@pytest.mark.parametrize("team", ["analytics", "ml"])
def test_dagster_itself_agrees_within_one_location(
    teams: Mapping[str, Team], tmp_path: Path, team: str
) -> None:
    rows = {
        name: (
            PARTITIONS[row[0]],
            PARTITIONS[row[1]],
            MAPPINGS.get(row[2], row[2]) if row[2:] else "None",
        )
        for name, row in {**FIT, **UNFIT}.items()
        if len(row) < len(("producer", "consumer", "mapping", "declared"))
    }
    done = run([teams[team].python, "-P", "-c", ASK], tmp_path, stdin=json.dumps(rows))
    errors = json.loads(done.stdout)
    rejected = {name for name in errors if errors[name]}
    # Dagster looks up the keys of dynamic partitions only at run time, when they may be the same.
    assert rejected == {name for name in UNFIT if name in rows} - {"other_dynamic"}

"""The manifest: every field, for the same code, with the oldest Dagster and with both teams'."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devkit.contracts import reports
from devkit.contracts.reports import Result
from devkit.contracts.snapshot import Finding
from devkit.core import parallel
from devkit.core.errors import hint_for
from devkit.core.paths import ROOT, TOOLS
from devkit.definitions import loading, manifest
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Column, Dependency, Manifest, Monitored
from devkit.programs import probe
from devkit.registry.team import Team
from testing.support import base_python, run

OLDEST = "1.8.0"

# Everything that 1.8 has. Its output must not get into the manifest.
DEFINITIONS = """\
import os
import sys

print("{\\"assets\\": []}")
os.write(1, b"garbage")

import dagster as dg

import platform_shared
from tea_project import later
from tea_project.helpers import COLUMNS

DAILY = dg.DailyPartitionsDefinition("2024-01-01", timezone="Europe/Rome")
HOURLY = dg.HourlyPartitionsDefinition("2024-01-01-00:00")
COLORS = dg.StaticPartitionsDefinition(["black", "green"])
BEFORE = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

water = dg.AssetSpec("water", tags={"dagteam/external": "spring"}, group_name="outside")
milk = dg.SourceAsset(
    "milk", partitions_def=HOURLY, metadata={"dagster/column_schema": COLUMNS}
)


@dg.observable_source_asset
def weather() -> dg.DataVersion:
    return dg.DataVersion("1")


@dg.asset(
    key_prefix=["hill", "east"],
    group_name="garden",
    owners=["team:pickers", "ann@example.org"],
    metadata={"dagster/column_schema": COLUMNS},
    deps=[water, "weather"],
    partitions_def=COLORS,
)
def leaves() -> None: ...


@dg.asset(
    ins={
        "milk": dg.AssetIn("milk", partition_mapping=dg.AllPartitionMapping()),
        "yesterdays": dg.AssetIn("tea", partition_mapping=BEFORE),
    },
    deps=["sugar", water, ["hill", "east", "leaves"]],
    partitions_def=DAILY,
    automation_condition=dg.AutomationCondition.eager(),
)
def tea(milk, yesterdays) -> None: ...


@dg.multi_asset(
    specs=[dg.AssetSpec("cup"), dg.AssetSpec("saucer", deps=["cup"], tags={"set": "blue"})],
    partitions_def=dg.DynamicPartitionsDefinition(name="guests"),
)
def tableware(): ...


@dg.op
def boil():
    return 1


@dg.graph_asset
def steam():
    return boil()


@dg.asset(
    partitions_def=dg.MultiPartitionsDefinition({"day": DAILY, "color": COLORS})
)
def pot() -> None: ...


@dg.asset_check(asset="water")
def clear() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.asset_check(asset=tea, additional_deps=[milk])
def strong() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


brew = dg.define_asset_job("brew", selection=["steam"])
arrange = dg.define_asset_job("arrange", selection=["saucer", "cup"])

every_morning = dg.ScheduleDefinition(
    name="every_morning",
    job=brew,
    cron_schedule="0 7 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
sometimes = dg.ScheduleDefinition(
    name="sometimes", job=arrange, cron_schedule=["0 1 * * *", "0 2 * * *"]
)


@dg.asset_sensor(
    asset_key=dg.AssetKey(["hill", "east", "leaves"]),
    job=brew,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def when_picked():
    yield dg.RunRequest()


@dg.multi_asset_sensor(
    monitored_assets=[dg.AssetKey("water"), dg.AssetKey("far_away")], job=brew
)
def when_wet(context):
    return None


@dg.multi_asset_sensor(
    monitored_assets=dg.AssetSelection.groups("garden")
    | dg.AssetSelection.keys("steam", "nowhere"),
    job=brew,
)
def when_selected(context):
    return None


@dg.run_status_sensor(run_status=dg.DagsterRunStatus.SUCCESS)
def when_done(context):
    return None


@dg.run_failure_sensor(
    monitored_jobs=[
        brew,
        dg.JobSelector(location_name="bakery", job_name="bake"),
        dg.JobSelector("bakery", "ovens", "heat"),
        dg.CodeLocationSelector(location_name="shop"),
        dg.RepositorySelector(location_name="shop", repository_name="tills"),
    ]
)
def when_failed(context):
    return None


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS, monitor_all_code_locations=True
)
def when_anything(context):
    return None


defs = dg.Definitions(
    assets=[pot, tea, steam, water, milk, weather, leaves, tableware, *later.ASSETS],
    asset_checks=[strong, clear],
    jobs=[brew, arrange],
    schedules=[sometimes, every_morning],
    sensors=[when_wet, when_done, when_failed, when_anything, when_selected, when_picked],
    resources={"kettle": object(), "cups": "many"},
)
print("more garbage", file=sys.stdout, flush=True)
"""
HELPERS = """\
import dagster as dg

COLUMNS = dg.TableSchema([dg.TableColumn("weight", "float64"), dg.TableColumn("name")])
"""
LATER = """\
import dagster as dg


def cake(name):
    @dg.asset(name=f"{name}_cake")
    def made() -> None: ...

    return made


ASSETS = [cake(name) for name in ("plain", "almond")]


def never():
    import biscuit_project.jobs as jobs
    from json import dumps
    from . import helpers
    from crumbs import a, b
"""


@pytest.fixture(scope="session")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the oldest Dagster that is supported."""
    environment = tmp_path_factory.mktemp("oldest") / ".venv"
    python = environment / "bin/python"
    packages = [f"dagster=={OLDEST}", "six", "setuptools<81"]
    for arguments in (
        ("venv", "--quiet", "--no-project", "--python", base_python(), str(environment)),
        ("pip", "install", "--quiet", "--python", str(python), *packages),
    ):
        done = run([TOOLS / "bin/uv", *arguments], environment.parent)
        why = hint_for(done.stderr)
        if done.returncode and why and why.startswith("No network"):
            pytest.skip(f"Dagster {OLDEST} can't be installed: {why}")
        assert done.returncode == 0, done.stderr
    return python


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The team's folder."""
    root = tmp_path_factory.mktemp("team")
    home = root / "tea_project"
    package = home / "tea_project"
    package.mkdir(parents=True)
    (root / "shared").mkdir()
    for name in ("shared", "hidden"):
        (root / f"shared/platform_{name}.py").write_text("", encoding="utf-8")
    (home / ".env").write_text(f"PYTHONPATH={root / 'shared'}\n", encoding="utf-8")
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "definitions.py").write_text(DEFINITIONS, encoding="utf-8")
    (package / "helpers.py").write_text(HELPERS, encoding="utf-8")
    (package / "later.py").write_text(LATER, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def pythons(teams: Mapping[str, Team], oldest: Path) -> dict[str, Path]:
    """Interpreters by the age of their Dagster."""
    return {
        "newest": teams["analytics"].python,
        "older": teams["ml"].python,
        "oldest": oldest,
    }


@pytest.fixture(scope="module")
def found(
    teams: Mapping[str, Team], pythons: Mapping[str, Path], folder: Path
) -> dict[str, Manifest]:
    """The manifests of the same code; `again` is from loading it a second time."""
    team = replace(
        teams["ml"],
        location="tea_project",
        module="tea_project.definitions",
        directory=folder,
    )
    teams_by_name = {
        name: replace(team, python=python)
        for name, python in {**pythons, "again": pythons["newest"]}.items()
    }
    results = parallel.gather(loading.load, [*teams_by_name.values()])
    manifests = {}
    for name, result in zip(teams_by_name, results, strict=True):
        assert isinstance(result, Manifest), result
        manifests[name] = result
    return manifests


@pytest.fixture(params=["newest", "older", "oldest"])
def loaded(request: pytest.FixtureRequest, found: Mapping[str, Manifest]) -> Manifest:
    """The manifest of each Dagster."""
    return found[request.param]


def without_versions(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that must be the same with every Dagster, as texts, so that their order counts.

    Since 1.9 Dagster adds a sensor of its own where an asset has an automation condition.
    """
    kept = {name: value for name, value in raw.items() if name not in ("dagster", "python")}
    added = "default_automation_condition_sensor"
    kept["sensors"] = [sensor for sensor in raw["sensors"] if sensor["name"] != added]
    kept["imports"] = {name: raw["imports"][name] for name in sorted(raw["imports"])}
    return {name: json.dumps(value, indent=1) for name, value in kept.items()}


def test_the_manifest_of_the_same_code_is_the_same_with_every_dagster(
    found: Mapping[str, Manifest],
) -> None:
    newest, older, oldest = (
        without_versions(found[name].raw) for name in ("newest", "older", "oldest")
    )
    assert older == newest
    assert oldest == newest


def test_loading_twice_gives_the_same_text(found: Mapping[str, Manifest]) -> None:
    assert json.dumps(found["again"].raw) == json.dumps(found["newest"].raw)


def test_a_manifest_has_the_versions_of_dagster_and_python(
    found: Mapping[str, Manifest], pythons: Mapping[str, Path], loaded: Manifest
) -> None:
    assert loaded.raw["manifest"] == 1
    assert found["oldest"].dagster == OLDEST
    for name, python in pythons.items():
        asked = run([python, "-c", "import platform; print(platform.python_version())"], TOOLS)
        assert found[name].python == asked.stdout.strip()
    assert len({manifest.dagster for manifest in found.values()}) == len(pythons)


def test_standard_output_is_json_only(teams: Mapping[str, Team], folder: Path) -> None:
    argv: list[str | Path] = [teams["ml"].python, loading.PROBE]
    argv += ["tea_project.definitions", folder]
    done = run(argv, folder, {"PYTHONPATH": str(folder.parent / "shared")})
    assert done.returncode == 0
    assert "tea" in [asset["key"] for asset in json.loads(done.stdout)["assets"]]
    assert "garbage" not in done.stdout
    assert '{"assets": []}' in done.stderr
    assert "more garbage" in done.stderr


def test_a_manifest_separates_produced_and_external_assets(loaded: Manifest) -> None:
    assert [asset.key for asset in loaded.assets] == sorted(asset.key for asset in loaded.assets)
    assert set(loaded.produces) == {
        "almond_cake",
        "cup",
        "hill/east/leaves",
        "plain_cake",
        "pot",
        "saucer",
        "steam",
        "tea",
    }
    assert set(loaded.external_assets) == {"milk", "sugar", "water", "weather"}
    assert not any(asset.shadowed for asset in loaded.assets)
    assert [asset.key for asset in loaded.assets if asset.observed] == ["weather"]
    assert [asset["key"] for asset in loaded.raw["assets"] if asset["implied"]] == ["sugar"]
    assert {asset.key: asset.external for asset in loaded.assets if asset.external} == {
        "water": "spring"
    }
    assert loaded.reads == {"cup", "hill/east/leaves", "milk", "sugar", "tea", "water", "weather"}


def test_groups_and_owners(loaded: Manifest) -> None:
    groups = {asset.key: asset.group for asset in loaded.assets if asset.group != "default"}
    assert groups == {"hill/east/leaves": "garden", "water": "outside"}
    owners = {asset["key"]: asset["owners"] for asset in loaded.raw["assets"] if asset["owners"]}
    assert owners == {"hill/east/leaves": ["team:pickers", "ann@example.org"]}


def test_dependencies(loaded: Manifest) -> None:
    deps = {asset.key: asset.deps for asset in loaded.assets if asset.deps}
    assert deps == {
        "hill/east/leaves": (
            Dependency("water", loaded=False, mapping=None),
            Dependency("weather", loaded=False, mapping=None),
        ),
        "saucer": (Dependency("cup", loaded=False, mapping=None),),
        "tea": (
            Dependency("hill/east/leaves", loaded=False, mapping=None),
            Dependency("milk", loaded=True, mapping="AllPartitionMapping"),
            Dependency("sugar", loaded=False, mapping=None),
            Dependency("tea", loaded=True, mapping="TimeWindowPartitionMapping", shifted=True),
            Dependency("water", loaded=False, mapping=None),
        ),
    }


def test_partitions(loaded: Manifest) -> None:
    daily = {
        "type": "time",
        "cron": "0 0 * * *",
        "timezone": "Europe/Rome",
        "start": "2024-01-01T00:00:00+01:00",
        "end": None,
        "first": ["2024-01-01T00:00:00+01:00", "2024-01-02T00:00:00+01:00"],
    }
    colors = {"type": "static", "keys": ["black", "green"]}
    guests = {"type": "dynamic", "name": "guests"}
    assert {asset.key: asset.partitions for asset in loaded.assets if asset.partitions} == {
        "cup": guests,
        "hill/east/leaves": colors,
        "milk": {
            "type": "time",
            "cron": "0 * * * *",
            "timezone": "UTC",
            "start": "2024-01-01T00:00:00+00:00",
            "end": None,
            "first": ["2024-01-01T00:00:00+00:00", "2024-01-01T01:00:00+00:00"],
        },
        "pot": {"type": "multi", "dimensions": {"color": colors, "day": daily}},
        "saucer": guests,
        "tea": daily,
    }


def test_columns(loaded: Manifest) -> None:
    columns = (Column("weight", "float64"), Column("name", "string"))
    assert {asset.key: asset.columns for asset in loaded.assets if asset.columns is not None} == {
        "hill/east/leaves": columns,
        "milk": columns,
    }


def test_checks_jobs_schedules_and_resources(loaded: Manifest) -> None:
    checks = [(check.asset, check.name, check.deps) for check in loaded.checks]
    assert checks == [("tea", "strong", ("milk",)), ("water", "clear", ())]
    assert all(check.source for check in loaded.checks)
    assert loaded.jobs == ("arrange", "brew")
    assert loaded.schedules == ("every_morning", "sometimes")
    assert loaded.raw["schedules"] == [
        {"name": "every_morning", "job": "brew", "cron": "0 7 * * *", "running": True},
        {
            "name": "sometimes",
            "job": "arrange",
            "cron": ["0 1 * * *", "0 2 * * *"],
            "running": False,
        },
    ]
    assert loaded.raw["resources"] == ["cups", "kettle"]


def test_sensors(loaded: Manifest) -> None:
    sensors = {
        sensor["name"]: (sensor["type"], sensor["running"], sensor["watches"])
        for sensor in loaded.raw["sensors"]
        if sensor["name"] != "default_automation_condition_sensor"
    }
    watches = {sensor.name: list(sensor.watches) for sensor in loaded.sensors}
    assert {name: watches[name] for name in sensors} == {
        name: watched for name, (_, _, watched) in sensors.items()
    }
    assert sensors == {
        "when_anything": ("RunStatusSensorDefinition", False, []),
        "when_failed": ("RunStatusSensorDefinition", False, []),
        "when_done": ("RunStatusSensorDefinition", False, []),
        "when_picked": ("AssetSensorDefinition", True, ["hill/east/leaves"]),
        "when_selected": (
            "MultiAssetSensorDefinition",
            False,
            ["hill/east/leaves", "nowhere", "steam"],
        ),
        "when_wet": ("MultiAssetSensorDefinition", False, ["far_away", "water"]),
    }


def test_monitored_jobs(loaded: Manifest) -> None:
    monitors = {sensor.name: sensor.monitors for sensor in loaded.sensors if sensor.monitors}
    assert monitors == {
        "when_failed": (
            Monitored(None, None, "brew"),
            Monitored("bakery", "__repository__", "bake"),
            Monitored("bakery", "ovens", "heat"),
            Monitored("shop", "__repository__", None),
            Monitored("shop", "tills", None),
        )
    }
    assert loaded.monitored == {"bakery", "shop"}
    assert loaded.repositories == ("__repository__",)


def test_source_locations(loaded: Manifest, folder: Path) -> None:
    """Each points at the line that defines the thing."""
    wanted = {
        "cup": 'specs=[dg.AssetSpec("cup"), dg.AssetSpec("saucer", deps=["cup"], '
        'tags={"set": "blue"})],',
        "hill/east/leaves": "def leaves() -> None: ...",
        "milk": '"milk", partitions_def=HOURLY, metadata={"dagster/column_schema": COLUMNS}',
        "pot": "def pot() -> None: ...",
        "steam": "def steam():",
        "sugar": 'deps=["sugar", water, ["hill", "east", "leaves"]],',
        "tea": "def tea(milk, yesterdays) -> None: ...",
        "water": 'water = dg.AssetSpec("water", tags={"dagteam/external": "spring"}, '
        'group_name="outside")',
        "when_done": "def when_done(context):",
        "when_picked": "def when_picked():",
    }
    lines = DEFINITIONS.splitlines()
    sources = {asset.key: asset.source for asset in loaded.assets}
    sources |= {sensor.name: sensor.source for sensor in loaded.sensors}
    for name, line in wanted.items():
        source = sources[name]
        assert source is not None
        assert source.file == folder / "tea_project/definitions.py"
        assert lines[source.line - 1].strip() == line
    assert loaded.produces["plain_cake"].source is None  # no file has its name


def test_imports(loaded: Manifest, folder: Path) -> None:
    package = folder / "tea_project"
    biscuits = loaded.imports["biscuit_project"]
    assert biscuits is not None
    assert (biscuits.file, biscuits.line) == (package / "later.py", 15)
    assert loaded.imports["crumbs"] is not None
    assert loaded.imports["platform_shared"] is not None
    tops = {name.partition(".")[0] for name in loaded.imports}
    assert {name for name in loaded.imports if "." in name} <= {
        name for name in loaded.imports if name.startswith("tea_project.")
    }
    assert tops == {
        "biscuit_project",
        "crumbs",
        "dagster",
        "platform_shared",
        "tea_project",
    }


KINDS = """\
import sys

import dagster as dg

sys.path.append(__file__.rpartition("/")[0] + "/../../shared")
hidden = __import__("platform_" + "hidden")


@dg.asset(kinds={"sql", "duckdb"}, tags={"dagster/kind/table": ""})
def rows() -> None: ...


@dg.asset(
    automation_condition=dg.AutomationCondition.asset_matches(
        "gong", dg.AutomationCondition.newly_updated()
    )
    & ~dg.AutomationCondition.eager()
)
def dinner() -> None: ...


coins = dg.SourceAsset("coins")


@dg.asset(name="coins")
def minted() -> None: ...


class Own(dg.StaticPartitionsDefinition): ...


@dg.asset(partitions_def=Own(["x"]))
def own() -> None: ...


defs = dg.Definitions(assets=[rows, dinner, minted, coins, own])
"""


@pytest.fixture(scope="module", params=["analytics", "ml"])
def newer(request: pytest.FixtureRequest, teams: Mapping[str, Team], folder: Path) -> Manifest:
    """The manifest of code that 1.8 can't load."""
    (folder / "tea_project/newer.py").write_text(KINDS, encoding="utf-8")
    team = replace(teams[request.param], module="tea_project.newer", directory=folder)
    loaded = loading.load(team)
    (folder / "tea_project/newer.py").unlink()
    assert isinstance(loaded, Manifest), loaded
    return loaded


def test_fields_that_need_a_newer_dagster(newer: Manifest) -> None:
    assert newer.produces["rows"].kinds == ("duckdb", "sql", "table")
    assert newer.produces["dinner"].watches == ("gong",)
    assert newer.produces["coins"].shadowed
    assert newer.produces["own"].partitions == {"type": "static", "keys": ["x"]}
    (sensor,) = newer.sensors
    assert (sensor.name, sensor.source) == ("default_automation_condition_sensor", None)
    assert sensor.watches == ()


def test_a_module_that_was_loaded_from_elsewhere_is_an_import_without_a_source(
    newer: Manifest,
) -> None:
    assert [name for name, source in newer.imports.items() if source is None] == ["platform_hidden"]
    assert newer.imports["platform_shared"] is not None  # definitions.py names it


def test_a_manifest_of_another_version_is_an_error(found: Mapping[str, Manifest]) -> None:
    raw = {**found["newest"].raw, "manifest": 2}
    with pytest.raises(ValueError, match="manifest version 2, not 1"):
        manifest.parse(found["newest"].team, raw)


def test_a_manifest_without_a_field_is_an_error(found: Mapping[str, Manifest]) -> None:
    raw = dict(found["newest"].raw)
    del raw["sensors"]
    with pytest.raises(KeyError, match="sensors"):
        manifest.parse(found["newest"].team, raw)


DOCS = (ROOT / "docs/manifest.md").read_text(encoding="utf-8")


def documented(title: str) -> set[str]:
    """The fields in the tables under a title, to the next title."""
    _, _, rest = DOCS.partition(f"{title}\n")
    lines = itertools.takewhile(lambda line: not line.startswith("#"), rest.splitlines())
    return {line.split("`")[1] for line in lines if line.startswith("| `")}


def test_every_field_of_a_manifest_is_documented_and_no_other(
    found: Mapping[str, Manifest],
) -> None:
    raw = found["newest"].raw
    error = {"type", "message", "traceback", "origin"}
    assert documented("# The manifest") == {*raw, *error}
    assert set(probe.describe(ValueError("tea"))) == error
    for title, objects in {
        "## Asset": raw["assets"],
        "## Dependency": [dep for asset in raw["assets"] for dep in asset["deps"]],
        "## Column": [column for asset in raw["assets"] for column in asset["columns"] or ()],
        "## Check": raw["checks"],
        "## Schedule": raw["schedules"],
        "## Sensor": raw["sensors"],
        "## Monitored job": [job for sensor in raw["sensors"] for job in sensor["monitors"]],
        "## Place": [asset["place"] for asset in raw["assets"] if asset["place"]],
    }.items():
        assert objects
        assert all(set(item) == documented(title) for item in objects), title
    partitions = [asset["partitions"] for asset in raw["assets"] if asset["partitions"]]
    known = {field for definition in partitions for field in definition}
    assert documented("## Partitions") == known | {"class"}


def test_every_field_of_invoke_check_is_documented(found: Mapping[str, Manifest]) -> None:
    known = found["newest"]
    result = Result(
        chosen=("tea",),
        found={"tea": known, "milk": Failure(known.team, "sour", None)},
        loaded=frozenset(),
        findings=[Finding("key-made-twice", "twice", "once", ("tea", "milk"), ("cup",))],
    )
    document = json.loads(reports.as_json(result))
    assert documented("# `invoke check --json`") == set(document)
    assert [set(entry) for entry in document["teams"]] == [documented("## Team")] * 2
    assert [set(entry) for entry in document["findings"]] == [documented("## Finding")]
    assert document["teams"][0]["manifest"] == known.raw
    described = DOCS.partition("why it does not load: ")[2].partition(" |")[0]
    assert all(f"`{field}`" in described for field in document["teams"][1]["error"])

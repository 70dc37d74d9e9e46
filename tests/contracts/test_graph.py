"""Contracts on the asset graph: one producer for each key, and no cycles."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from devkit import contracts
from devkit.contracts.snapshot import Snapshot
from devkit.core import parallel
from devkit.definitions import loading
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.team import Team
from testing.contracts import (
    case,
    findings_of,
    line_of,
    locations,
    misplaced,
    summary,
    unclaimed,
    universe,
    write,
)

PASS = "-> None: ..."

BREAKS = {
    "twice": case(
        ("key-made-twice", "analytics ml", "receipts"),
        analytics=f"@dg.asset\ndef receipts() {PASS}",
        ml=f"@dg.asset\ndef receipts() {PASS}",
    ),
    "twice_in_two_parts": case(
        ("key-made-twice", "analytics ml", "store/shelf"),
        analytics=f"@dg.asset(key_prefix='store')\ndef shelf() {PASS}",
        ml=f"@dg.asset(key=['store', 'shelf'])\ndef plank() {PASS}",
    ),
    "twice_in_disguise": case(
        ("key-made-twice", "analytics ml sales", "stamps"),
        analytics=(
            "def factory(name):\n"
            "    @dg.asset(name=name)\n"
            f"    def made() {PASS}\n"
            "    return made\n\n"
            "made = [factory(name) for name in ('stamps', 'seals')]\n"
        ),
        ml="@dg.multi_asset(specs=[dg.AssetSpec('stamps')])\ndef several(): ...",
        sales=(
            "@dg.op\ndef ink(): return 1\n\n"
            "@dg.graph_asset(name='stamps')\ndef stamped(): return ink()"
        ),
    ),
    "cycle_of_two": case(
        ("cycle-across-teams", "analytics ml", "egg chicken"),
        analytics=f"spec = dg.AssetSpec('chicken')\n\n@dg.asset\ndef egg(chicken) {PASS}",
        ml=f"@dg.asset(deps=[dg.AssetKey('egg')])\ndef chicken() {PASS}",
    ),
    "cycle_of_three": case(
        ("cycle-across-teams", "analytics sales ml", "paper scissors stone"),
        analytics=f"@dg.asset(deps=['scissors'])\ndef paper() {PASS}",
        ml=f"@dg.asset(deps=['paper'])\ndef stone() {PASS}",
        sales=f"@dg.asset(deps=['stone'])\ndef scissors() {PASS}",
    ),
    "cycle_inside": case(
        ("cycle-across-teams", "analytics ml", "dawn dusk night"),
        analytics=(
            f"@dg.asset(deps=['dusk'])\ndef dawn() {PASS}\n\n"
            f"@dg.asset(deps=['dawn'])\ndef night() {PASS}"
        ),
        ml=f"@dg.asset(deps=['night'])\ndef dusk() {PASS}",
    ),
    "missing_dep": case(
        ("key-nobody-makes", "ml", "vanished"),
        ml=f"@dg.asset(deps=['vanished'])\ndef seeker() {PASS}",
    ),
    "missing_input": case(
        ("key-nobody-makes", "analytics", "phantom"),
        analytics=f"spec = dg.AssetSpec('phantom')\n\n@dg.asset\ndef hunter(phantom) {PASS}",
    ),
    "missing_spec": case(
        ("key-nobody-makes", "ml", "mirage"),
        ml=f"mirage = dg.AssetSpec('mirage')\n\n@dg.asset(deps=[mirage])\ndef thirst() {PASS}",
    ),
    "missing_source_asset": case(
        ("key-nobody-makes", "ml", "old/well"),
        ml=(
            "well = dg.SourceAsset(['old', 'well'])\n\n"
            "@dg.asset(ins={'well': dg.AssetIn(['old', 'well'])})\n"
            f"def bucket(well) {PASS}"
        ),
    ),
    "missing_asset_of_a_check": case(
        ("key-nobody-makes", "analytics", "unicorn"),
        analytics=(
            "@dg.asset_check(asset='unicorn')\n"
            "def horned() -> dg.AssetCheckResult: return dg.AssetCheckResult(passed=True)"
        ),
    ),
    "missing_dep_of_a_check": case(
        ("key-nobody-makes", "ml", "yeti"),
        ml=(
            f"@dg.asset\ndef snow() {PASS}\n\n"
            "@dg.asset_check(asset=snow, additional_deps=['yeti'])\n"
            "def no_traces() -> dg.AssetCheckResult: return dg.AssetCheckResult(passed=True)"
        ),
    ),
    "other_prefix": case(
        ("key-nobody-makes", "ml", "lake"),
        analytics=f"@dg.asset(key_prefix='raw')\ndef lake() {PASS}",
        ml=f"@dg.asset(deps=['lake'])\ndef boat() {PASS}",
    ),
    "asset_sensor": case(
        ("watch-nobody-makes", "ml", "comet"),
        ml=(
            f"@dg.asset\ndef telescope() {PASS}\n\n"
            "look = dg.define_asset_job('look', 'telescope')\n\n"
            "@dg.asset_sensor(asset_key=dg.AssetKey('comet'), job=look)\n"
            "def on_sight(): yield dg.RunRequest()"
        ),
    ),
    "multi_asset_sensor": case(
        ("watch-nobody-makes", "analytics", "meteor"),
        analytics=(
            f"@dg.asset\ndef dish() {PASS}\n\n"
            "@dg.multi_asset_sensor(\n"
            "    monitored_assets=[dg.AssetKey('dish'), dg.AssetKey('meteor')],\n"
            "    request_assets=dg.AssetSelection.assets('dish'),\n"
            ")\n"
            "def meteor_seen(context): return None"
        ),
    ),
    "selecting_sensor": case(
        ("watch-nobody-makes", "ml", "quasar"),
        ml=(
            f"@dg.asset\ndef radar() {PASS}\n\n"
            "@dg.multi_asset_sensor(\n"
            "    monitored_assets=dg.AssetSelection.keys('quasar') | dg.AssetSelection.all(),\n"
            "    request_assets=dg.AssetSelection.assets('radar'),\n"
            ")\n"
            "def quasar_seen(context): return None"
        ),
    ),
    "condition": case(
        ("watch-nobody-makes", "ml", "signal"),
        ml=(
            "WHEN = dg.AutomationCondition.asset_matches(\n"
            "    'signal', dg.AutomationCondition.newly_updated()\n"
            ")\n\n"
            "@dg.asset(automation_condition=WHEN | dg.AutomationCondition.eager())\n"
            f"def receiver() {PASS}"
        ),
    ),
    "external_but_produced": case(
        ("external-is-made", "ml analytics", "weather"),
        analytics=f"@dg.asset\ndef weather() {PASS}",
        ml="weather = dg.AssetSpec('weather', tags={'dagteam/external': 'met-office'})",
    ),
}
HOLDS = {
    "two_consumers": case(
        analytics=f"@dg.asset\ndef orders() {PASS}",
        ml=f"@dg.asset(deps=['orders'])\ndef forecast() {PASS}",
        sales=f"orders = dg.AssetSpec('orders')\n\n@dg.asset\ndef report(orders) {PASS}",
    ),
    "back_and_forth": case(
        analytics=(
            f"@dg.asset\ndef first() {PASS}\n\n@dg.asset(deps=['second'])\ndef third() {PASS}"
        ),
        ml=(
            f"@dg.asset(deps=['first'])\ndef second() {PASS}\n\n"
            f"@dg.asset(deps=['third', 'first'])\ndef fourth() {PASS}"
        ),
    ),
    "diamond": case(
        analytics=f"@dg.asset\ndef north() {PASS}",
        ml=f"@dg.asset(deps=['north'])\ndef west() {PASS}",
        sales=(
            f"@dg.asset(deps=['north'])\ndef east() {PASS}\n\n"
            f"@dg.asset(deps=['east', 'west'])\ndef south() {PASS}"
        ),
    ),
    "self": case(
        analytics=(
            "BEFORE = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)\n\n"
            "@dg.asset(\n"
            "    partitions_def=dg.DailyPartitionsDefinition('2024-01-01'),\n"
            "    ins={'balance': dg.AssetIn(partition_mapping=BEFORE)},\n"
            ")\n"
            f"def balance(balance) {PASS}"
        ),
        ml=f"@dg.asset(deps=['balance'])\ndef interest() {PASS}",
    ),
    "same_last_part": case(
        analytics=f"@dg.asset(key_prefix='raw')\ndef clicks() {PASS}",
        ml=f"@dg.asset(key_prefix='clean', deps=[['raw', 'clicks']])\ndef clicks() {PASS}",
        sales=f"@dg.asset(deps=[['clean', 'clicks']])\ndef clicks() {PASS}",
    ),
    "without_spec": case(
        analytics=f"@dg.asset\ndef pages() {PASS}",
        ml=f"@dg.asset(deps=[dg.AssetKey('pages')])\ndef links() {PASS}",
    ),
    "source_asset": case(
        analytics=f"@dg.asset(key_prefix='erp')\ndef parts() {PASS}",
        ml=(
            "parts = dg.SourceAsset(['erp', 'parts'])\n\n"
            "@dg.asset(ins={'parts': dg.AssetIn(['erp', 'parts'])})\n"
            f"def assembly(parts) {PASS}"
        ),
    ),
    "many_kinds": case(
        analytics=(
            "@dg.multi_asset(specs=[dg.AssetSpec('left'), dg.AssetSpec('right', deps=['left'])])\n"
            f"def both(): ...\n\n"
            "@dg.op\ndef think(): return 1\n\n"
            "@dg.graph_asset\ndef thought(): return think()\n\n"
            "def factory(name):\n"
            "    @dg.asset(name=f'daily_{name}')\n"
            f"    def made() {PASS}\n"
            "    return made\n\n"
            "made = [factory(name) for name in ('bread', 'milk')]"
        ),
        ml=(
            "spec = dg.AssetSpec('thought')\n\n"
            "@dg.asset(deps=['left', 'right', 'daily_bread', 'daily_milk'])\n"
            f"def breakfast(thought) {PASS}"
        ),
        sales=(
            "@dg.multi_asset(specs=[\n"
            "    dg.AssetSpec('up', deps=['left']), dg.AssetSpec('down', deps=['breakfast'])\n"
            "])\n"
            "def stairs(): ..."
        ),
    ),
    "check_of_another_teams_asset": case(
        analytics=f"@dg.asset\ndef ledger() {PASS}",
        ml=(
            "@dg.asset_check(asset='ledger')\n"
            "def balanced() -> dg.AssetCheckResult: return dg.AssetCheckResult(passed=True)"
        ),
    ),
    "check_with_a_dep_on_another_team": case(
        analytics=f"@dg.asset\ndef receipts() {PASS}",
        ml=(
            f"@dg.asset\ndef totals() {PASS}\n\n"
            "@dg.asset_check(asset=totals, additional_deps=['receipts'])\n"
            "def adds_up() -> dg.AssetCheckResult: return dg.AssetCheckResult(passed=True)"
        ),
    ),
    "spec_without_consumers": case(ml="attic = dg.AssetSpec('attic')"),
    "external": case(
        analytics=(
            "rates = dg.AssetSpec('rates', tags={'dagteam/external': 'central-bank'})\n\n"
            f"@dg.asset(deps=[rates])\ndef prices() {PASS}"
        ),
        ml=f"@dg.asset(deps=['rates'])\ndef hedge() {PASS}",
        sales=f"rates = dg.AssetSpec('rates')\n\n@dg.asset\ndef offer(rates) {PASS}",
    ),
    "external_of_two": case(
        analytics="census = dg.AssetSpec('census', tags={'dagteam/external': ''})",
        ml="census = dg.SourceAsset('census', tags={'dagteam/external': 'state'})",
        sales=f"@dg.asset(deps=['census'])\ndef districts() {PASS}",
    ),
    "observed": case(
        analytics=(
            "@dg.observable_source_asset\ndef bucket_of_files(): return dg.DataVersion('1')"
        ),
        ml=f"@dg.asset(deps=['bucket_of_files'])\ndef files() {PASS}",
    ),
    "sensors": case(
        analytics=f"@dg.asset\ndef bell() {PASS}",
        ml=(
            "tide = dg.AssetSpec('tide', tags={'dagteam/external': 'moon'})\n\n"
            f"@dg.asset(group_name='tower')\ndef hammer() {PASS}\n\n"
            "strike = dg.define_asset_job('strike', 'hammer')\n\n"
            "def on(key):\n"
            "    @dg.asset_sensor(asset_key=dg.AssetKey(key), job=strike, name=f'on_{key}')\n"
            "    def when(): yield dg.RunRequest()\n"
            "    return when\n\n"
            "when = [on(key) for key in ('bell', 'tide', 'hammer')]\n\n"
            "SELECT = dg.AssetSelection\n\n"
            "def on_many(name, keys):\n"
            "    @dg.multi_asset_sensor(\n"
            "        monitored_assets=keys, name=name, request_assets=SELECT.keys('hammer')\n"
            "    )\n"
            "    def seen(context): return None\n"
            "    return seen\n\n"
            "many = [\n"
            "    on_many('on_keys', [dg.AssetKey('bell'), dg.AssetKey('tide')]),\n"
            "    on_many('on_group', SELECT.groups('tower')),\n"
            "    on_many('on_no_group', SELECT.groups('nowhere')),\n"
            "    on_many('on_selected', SELECT.keys('bell') | SELECT.keys('hammer').upstream()),\n"
            "    on_many('on_the_rest', SELECT.all() - SELECT.keys('nothing_of_this')),\n"
            "]"
        ),
        sales=(
            f"@dg.asset\ndef horn() {PASS}\n\n"
            "@dg.sensor(target='horn')\ndef whenever(): return dg.SkipReason('no')\n\n"
            "@dg.run_status_sensor(run_status=dg.DagsterRunStatus.SUCCESS)\n"
            "def after(context): return None\n\n"
            "@dg.run_failure_sensor\ndef failed(context): return None\n\n"
            "automatic = dg.AutomationConditionSensorDefinition('automatic', target='*')"
        ),
    ),
    "conditions": case(
        analytics=f"@dg.asset\ndef spark() {PASS}",
        ml=(
            "@dg.asset(deps=['spark'], automation_condition=dg.AutomationCondition.eager())\n"
            f"def flame() {PASS}\n\n"
            "WHEN = dg.AutomationCondition.asset_matches(\n"
            "    'spark', dg.AutomationCondition.newly_updated()\n"
            ")\n\n"
            "@dg.asset(automation_condition=WHEN & ~dg.AutomationCondition.in_progress())\n"
            f"def smoke() {PASS}"
        ),
        sales=(
            "@dg.asset(automation_condition=dg.AutomationCondition.on_cron('@daily'))\n"
            f"def ash() {PASS}"
        ),
    ),
}


@pytest.fixture(scope="module")
def broken(teams: Mapping[str, Team], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return universe(teams, tmp_path_factory.mktemp("broken"), BREAKS)


@pytest.fixture(scope="module")
def whole(teams: Mapping[str, Team], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return universe(teams, tmp_path_factory.mktemp("whole"), HOLDS)


@pytest.mark.parametrize("name", BREAKS)
def test_violation_is_found_at_its_line(broken: Snapshot, name: str) -> None:
    assert summary(broken, BREAKS[name]) == [*BREAKS[name].findings]
    assert misplaced(broken, name, BREAKS[name]) == []


def test_no_other_violation_is_found(broken: Snapshot) -> None:
    assert unclaimed(broken, BREAKS) == []


@pytest.mark.parametrize("name", HOLDS)
def test_valid_code_has_no_findings(whole: Snapshot, name: str) -> None:
    assert summary(whole, HOLDS[name]) == []


def test_valid_teams_have_no_findings(whole: Snapshot) -> None:
    assert contracts.broken(whole) == []


def test_finding_names_the_assets_and_the_fix(broken: Snapshot) -> None:
    found = contracts.broken(broken)
    (lake,) = findings_of(found, BREAKS["other_prefix"])
    assert lake.message == "boat of ml depends on lake, which no team produces"
    assert "did you mean raw/lake of analytics?" in lake.fix
    (phantom,) = findings_of(found, BREAKS["missing_input"])
    assert (
        'dg.AssetSpec("phantom", tags={"dagteam/external": "name-of-the-producer"})' in phantom.fix
    )
    (cycle,) = findings_of(found, BREAKS["cycle_of_three"])
    assert "paper -> scissors -> stone -> paper" in cycle.message
    (comet,) = findings_of(found, BREAKS["asset_sensor"])
    assert comet.message.startswith("the sensor on_sight of ml watches comet")
    (signal,) = findings_of(found, BREAKS["condition"])
    assert signal.message.startswith("the automation condition of receiver of ml watches signal")


def test_fix_of_a_finding_is_valid_code(
    teams: Mapping[str, Team], tmp_path: Path, broken: Snapshot
) -> None:
    (phantom,) = findings_of(contracts.broken(broken), BREAKS["missing_input"])
    declared = phantom.fix.partition("declare it: ")[2]
    code = BREAKS["missing_input"].teams["analytics"]
    fixed = code.replace("dg.AssetSpec('phantom')", declared)
    found = locations(teams, tmp_path, ml={"assets.py": f"import dagster as dg\n\n{fixed}\n"})
    assert contracts.broken(found) == []


def test_missing_producers_are_not_reported_if_a_team_does_not_load(broken: Snapshot) -> None:
    missing = replace(broken.teams[0], location="missing_project")
    known = {finding.code for finding in contracts.broken(broken)}
    partial = replace(broken, teams=(*broken.teams, missing))
    assert known - {finding.code for finding in contracts.broken(partial)} == {
        "key-nobody-makes",
        "watch-nobody-makes",
    }


# A SourceAsset that comes last silently replaces the asset in Dagster.
SHADOWING = """\
import dagster as dg


@dg.asset(key_prefix="our")
def coins() -> None: ...


@dg.asset(deps=[coins])
def purse() -> None: ...


declared = dg.{declared}
defs = dg.Definitions(assets=[{order}])
"""
DECLARATIONS = {
    "newer": ("SourceAsset(['our', 'coins'])", "coins, purse, declared"),
    "older": ("SourceAsset(['our', 'coins'])", "coins, purse, declared"),
    "other": ("SourceAsset(['their', 'coins'])", "coins, purse, declared"),
    "first": ("SourceAsset(['our', 'coins'])", "declared, coins, purse"),
    "spec": ("AssetSpec(['our', 'coins'])", "coins, purse, declared"),
}


@pytest.fixture(scope="module")
def shadows(
    teams: Mapping[str, Team], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Manifest | Failure]:
    """The result for each team, alternately with the newer and the older Dagster."""
    folder = tmp_path_factory.mktemp("shadows")
    turns = [teams["analytics"], teams["ml"]] * len(DECLARATIONS)
    written = [
        write(
            turn, folder, name, {"definitions.py": SHADOWING.format(declared=declared, order=order)}
        )
        for turn, (name, (declared, order)) in zip(turns, DECLARATIONS.items(), strict=False)
    ]
    return dict(zip(DECLARATIONS, parallel.gather(loading.load, written), strict=True))


@pytest.mark.parametrize("name", ["newer", "older"])
def test_source_asset_that_hides_a_teams_own_asset_is_found(
    shadows: Mapping[str, Manifest | Failure], name: str
) -> None:
    loaded = shadows[name]
    assert isinstance(loaded, Manifest), loaded
    (found,) = contracts.broken(Snapshot((loaded.team,), (loaded,)))
    assert (found.code, found.teams, found.keys) == ("stub-shadows-own", (name,), ("our/coins",))
    assert line_of(found).startswith("declared = dg.SourceAsset")


def test_source_asset_with_another_key_hides_nothing(
    shadows: Mapping[str, Manifest | Failure],
) -> None:
    loaded = shadows["other"]
    assert isinstance(loaded, Manifest), loaded
    assert contracts.broken(Snapshot((loaded.team,), (loaded,))) == []


@pytest.mark.parametrize("name", ["first", "spec"])
def test_dagster_itself_rejects_other_duplicates(
    shadows: Mapping[str, Manifest | Failure], name: str
) -> None:
    found = shadows[name]
    assert isinstance(found, Failure), found
    assert "Duplicate asset key" in found.message

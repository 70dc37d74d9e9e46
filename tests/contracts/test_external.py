"""Contracts on external assets: patterns, and keys that many assets depend on."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from devkit import contracts
from devkit.contracts.snapshot import Finding, Snapshot
from devkit.core import pyproject
from devkit.core.errors import DevkitError
from devkit.definitions import external, loading
from devkit.definitions.manifest import Manifest
from devkit.registry.team import Team
from testing.contracts import write

READER = """\
import dagster as dg


@dg.asset(deps={keys})
def report() -> None: ...


@dg.asset_sensor(asset_key=dg.AssetKey({watched}), job_name="refresh")
def changed(context): ...


refresh = dg.define_asset_job("refresh", selection=["report"])
defs = dg.Definitions(assets=[report], jobs=[refresh], sensors=[changed])
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(external, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def tea(teams: Mapping[str, Team], root: Path) -> Team:
    """A team that depends on tables of two kinds, and watches another one."""
    keys = [*(["raw", f"table_{number}"] for number in range(30)), "crm_orders", "clicks"]
    code = READER.format(keys=keys, watched=["raw", "more"])
    return write(teams["ml"], root, "tea", {"definitions.py": code})


def config(folder: Path, *patterns: str) -> None:
    (folder / pyproject.FILE).write_text(
        f"[tool.dagteam]\nexternal = {list(patterns)}\n", encoding="utf-8"
    )


def found(*teams: Team) -> list[Finding]:
    manifests = [loading.load(team) for team in teams]
    assert all(isinstance(one, Manifest) for one in manifests), manifests
    return contracts.broken(Snapshot(teams, tuple(manifests)))  # type: ignore[arg-type]


def test_without_a_pattern_many_keys_of_one_place_are_one_finding_that_suggests_it(
    tea: Team, root: Path
) -> None:
    codes = {(one.code, one.keys[0]): one for one in found(tea)}
    assert len(codes) == len(("raw/*", "crm_orders", "clicks", "raw/more"))
    many = codes["key-nobody-makes", "raw/table_0"]
    assert len(many.keys) == 30
    assert "tea depends on 30 keys that no team produces: raw/table_0, " in many.message
    assert 'external = ["raw/*"]' in many.fix
    assert many.source
    config(root, "raw/*", "crm_*", "clicks")
    assert found(tea) == []


def test_a_team_s_own_patterns_count_for_it(tea: Team) -> None:
    config(tea.directory, "*")
    assert found(tea) == []


def test_a_pattern_that_matches_nothing_is_found(tea: Team, root: Path) -> None:
    config(root, "raw/*", "crm-*", "clicks")
    config(tea.directory, "crm_*", "Raw/*")
    findings = found(tea)
    assert [one.code for one in findings] == ["external-matches-nothing"] * 2
    assert f"the pattern 'crm-*' in {root / pyproject.FILE} matches no key" in findings[1].message
    assert "'Raw/*'" in findings[0].message


def test_a_pattern_for_every_team_has_to_match_for_one_of_them(
    teams: Mapping[str, Team], tea: Team, root: Path
) -> None:
    config(root, "raw/*", "crm_*", "clicks")
    other = write(teams["ml"], root, "milk", {"definitions.py": "import dagster as dg\n"
                  "defs = dg.Definitions()"})  # fmt: skip
    assert found(tea, other) == []
    unknown = Snapshot((tea, other), (loading.load(other),))  # type: ignore[arg-type]
    assert contracts.broken(unknown) == []


def test_a_pattern_that_matches_what_a_team_produces_is_found(
    teams: Mapping[str, Team], tea: Team, root: Path
) -> None:
    config(root, "*")
    code = "import dagster as dg\n\n@dg.asset\ndef clicks() -> None: ..."
    milk = write(teams["ml"], root, "milk", {"more.py": code})
    (finding,) = found(tea, milk)
    assert finding.code == "external-is-made"
    assert finding.message == ("tea declares clicks as external (*), but it is produced by milk")
    assert finding.fix == f"narrow the pattern in {root / pyproject.FILE}"


def test_a_similar_key_is_a_finding_of_its_own(teams: Mapping[str, Team], root: Path) -> None:
    code = READER.format(keys=[f"sale_{number}" for number in range(9)], watched=["sales_1"])
    tea = write(teams["ml"], root, "tea", {"definitions.py": code})
    code = "import dagster as dg\n\n@dg.asset\ndef sales_1() -> None: ..."
    milk = write(teams["ml"], root, "milk", {"more.py": code})
    assert [one.keys for one in found(tea, milk)] == [(f"sale_{number}",) for number in range(9)]


@pytest.mark.parametrize("value", ['"raw/*"', "[1]", "{a = 1}"])
def test_what_is_no_list_of_texts_is_an_error_with_its_file(
    value: str, tea: Team, root: Path
) -> None:
    text = f"[tool.dagteam]\nexternal = {value}\n"
    (root / pyproject.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DevkitError, match="external"):
        external.patterns(tea)
    (root / pyproject.FILE).unlink()
    (tea.directory / pyproject.FILE).write_text(text, encoding="utf-8")
    assert external.patterns(replace(tea)) == {}  # reported by what else reads the file

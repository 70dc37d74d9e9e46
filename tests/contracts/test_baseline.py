"""The baseline: what was found on the first day passes, and only what is new fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.contracts import baseline, check
from devkit.contracts.check import Options
from devkit.contracts.reports import Result
from devkit.contracts.snapshot import Finding
from devkit.core.errors import DevkitError
from devkit.definitions.loading import Failure
from devkit.registry.team import Team

OLD = Finding("duplicate-key", "tea is made twice, in line 3", "x", ("tea", "milk"), ("tea",))
LOCKS = Finding("locks-stale", "the lock of tea is stale", "x", ("tea",))
NEW = Finding("missing-upstream", "no milk", "x", ("tea",), ("milk",))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "devkit" / "baseline.toml"
    for name in ("read", "write", "shrink"):
        function = getattr(baseline, name)
        monkeypatch.setattr(function, "__defaults__", (*(function.__defaults__ or ())[:-1], path))
    return path


def result(teams: dict[str, Team], *findings: Finding, broken: bool = False) -> Result:
    team = teams["ml"]
    found = {"ml": Failure(team, "it broke", None)} if broken else {}
    return Result(tuple(found), dict(found), frozenset(), list(findings))


def test_what_was_found_on_the_first_day_passes(
    teams: dict[str, Team], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline.write(result(teams, OLD, LOCKS, broken=True))
    moved = replace(OLD, message="tea is made twice, in line 7")
    check.report(result(teams, moved, LOCKS, broken=True))
    shown = capsys.readouterr().out
    assert "ml does not load" in shown
    assert "duplicate-key: tea is made twice, in line 7" in shown
    with pytest.raises(DevkitError, match=r"contract violations: missing-upstream$"):
        check.report(result(teams, OLD, NEW))
    assert file.read_text(encoding="utf-8").startswith("# What `invoke check` found on the first")


def test_without_a_baseline_everything_fails(teams: dict[str, Team], file: Path) -> None:
    assert not file.exists()
    with pytest.raises(DevkitError, match="duplicate-key"):
        check.report(result(teams, OLD))


def test_a_team_without_an_environment_is_not_in_it(teams: dict[str, Team], file: Path) -> None:
    baseline.write(result(teams, broken=True), unbuilt=["ml"])
    assert not file.exists()
    with pytest.raises(DevkitError, match="1 of 1 failed to load: ml"):
        check.report(result(teams, broken=True))


def test_what_is_not_found_any_more_goes_by_itself(teams: dict[str, Team], file: Path) -> None:
    baseline.write(result(teams, OLD, LOCKS))
    baseline.shrink(result(teams, broken=True), baseline.read())
    assert len(baseline.read()) == 2
    baseline.shrink(result(teams, OLD, NEW), baseline.read())
    assert baseline.read().findings == {baseline.identity(OLD)}
    baseline.shrink(result(teams), baseline.read())
    assert not file.exists()


def test_a_check_writes_it_on_request(teams: dict[str, Team], file: Path) -> None:
    one = [teams["ml"]]
    options = Options(use_cache=False, unbuilt={"ml": "no lock"})
    with pytest.raises(DevkitError, match="failed to load: ml"):
        check.check(one, one, options, rewrite=True)
    assert not file.exists()

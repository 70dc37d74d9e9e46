"""`invoke check`: every team is reported, in terms of its own code."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit import check, probe
from devkit.errors import DevkitError
from devkit.workspace import Team


def small_team(team: Team, folder: Path, name: str, code: str) -> Team:
    """A team with one module, in another one's environment."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}_defs.py").write_text(code)
    return replace(team, location=f"{name}_project", module=f"{name}_defs", directory=folder)


GOOD = (
    "import dagster as dg\n@dg.asset\ndef tea() -> None: ...\ndefs = dg.Definitions(assets=[tea])\n"
)
BAD = "import dagster as dg\ndefs = dg.Definitions(assets=[1 / 0])\n"


def test_every_team_is_told_not_the_first_that_fails(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = {"one": BAD, "two": GOOD, "three": BAD}
    some = [small_team(teams["ml"], tmp_path, name, code) for name, code in codes.items()]
    with pytest.raises(DevkitError, match="2 of 3 failed: one, three"):
        check.check(some)
    said = capsys.readouterr().out
    assert said.count("FAILED") == 2
    assert "ok      two    1 assets" in said
    for name in ("one", "three"):
        assert f"── {name} ──\n{tmp_path}/{name}_defs.py:2: ZeroDivisionError" in said
    assert "site-packages" not in said
    assert "Traceback" not in said


def test_dagsters_frames_are_told_when_they_are_asked_for(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DevkitError):
        check.check([small_team(teams["ml"], tmp_path, "one", BAD)], tracebacks=True)
    assert "site-packages/dagster" in capsys.readouterr().out


def test_an_error_without_a_line_of_the_team_names_its_module_and_no_frames(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DevkitError):
        check.check([small_team(teams["ml"], tmp_path, "one", "")])
    said = capsys.readouterr().out
    assert "one_defs (module): DagsterInvariantViolationError" in said
    assert "site-packages" not in said


def test_the_file_is_told_relative_to_the_repository(
    teams: dict[str, Team],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "ROOT", tmp_path)
    with pytest.raises(DevkitError):
        check.check([small_team(teams["ml"], tmp_path / "one", "one", BAD)])
    assert "\none/one_defs.py:2: ZeroDivisionError" in capsys.readouterr().out


def test_a_team_that_hangs_or_dies_never_passes(
    teams: dict[str, Team],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probe.load, "__defaults__", (3.0,))
    codes = {
        "hanging": "import time\ntime.sleep(600)\n",
        "gone": "import os\nos._exit(0)\n",
        "leaving": "raise SystemExit\n",
    }
    some = [small_team(teams["ml"], tmp_path, name, code) for name, code in codes.items()]
    with pytest.raises(DevkitError, match="3 of 3 failed: hanging, gone, leaving"):
        check.check(some)
    said = capsys.readouterr().out
    assert f"{tmp_path}/hanging_defs.py:2: still loading after 3 s" in said
    assert "the interpreter died (exit code 0)" in said
    assert f"{tmp_path}/leaving_defs.py:1: SystemExit" in said


def test_an_asset_that_is_gone_is_named_in_a_line(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import dagster as dg\ndefs = dg.Definitions(jobs=[dg.define_asset_job('j', ['gone'])])\n"
    )
    with pytest.raises(DevkitError):
        check.check([small_team(teams["ml"], tmp_path, "one", code)])
    said = capsys.readouterr().out
    assert "one_defs (module): DagsterInvalidSubsetError: AssetKey(s) ['gone']" in said
    assert "site-packages" not in said


def test_the_teams_of_this_repository_load(
    teams: dict[str, Team], capsys: pytest.CaptureFixture[str]
) -> None:
    check.check([*teams.values()])
    assert capsys.readouterr().out.count("ok ") == len(teams)

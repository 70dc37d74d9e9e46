"""`invoke check`: a result for every team, at the line of its own code."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.contracts import check, reports
from devkit.contracts.check import Options
from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.definitions import loading
from devkit.definitions.manifest import Manifest
from devkit.registry.team import Team


def small_team(team: Team, folder: Path, name: str, code: str) -> Team:
    """A team with one module, in another team's environment."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}_defs.py").write_text(code, encoding="utf-8")
    return replace(team, location=f"{name}_project", module=f"{name}_defs", directory=folder)


# Code that Dagster itself rejects.
REJECTED = (
    "import dagster as dg\ndefs = dg.Definitions(jobs=[dg.define_asset_job('j', ['gone'])])\n"
)


def check_alone(team: Team, *, tracebacks: bool = False) -> None:
    """Check a team as if it were the only one."""
    check.check([team], [team], Options(tracebacks=tracebacks))


GOOD = (
    "import dagster as dg\n@dg.asset\ndef tea() -> None: ...\ndefs = dg.Definitions(assets=[tea])\n"
)
BAD = "import dagster as dg\ndefs = dg.Definitions(assets=[1 / 0])\n"


def test_check_reports_every_team_not_only_the_first_failure(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = {"one": BAD, "two": GOOD, "three": BAD}
    some = [small_team(teams["ml"], tmp_path, name, code) for name, code in codes.items()]
    with pytest.raises(DevkitError, match="2 of 3 failed to load: one, three"):
        check.check(some, some, Options())
    shown = capsys.readouterr().out
    assert shown.count("FAILED") == 2
    assert "ok      two    1 asset (" in shown
    for name in ("one", "three"):
        assert f"── {name} ──\n{tmp_path}/{name}_defs.py:2: ZeroDivisionError" in shown
    assert "site-packages" not in shown
    assert "Traceback" not in shown


def test_check_shows_dagsters_frames_on_request(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DevkitError):
        check_alone(small_team(teams["ml"], tmp_path, "one", REJECTED), tracebacks=True)
    assert "site-packages/dagster" in capsys.readouterr().out


def test_error_without_a_line_of_the_team_names_its_module_and_no_frames(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DevkitError):
        check_alone(small_team(teams["ml"], tmp_path, "one", ""))
    shown = capsys.readouterr().out
    assert "one_defs (module): DagsterInvariantViolationError" in shown
    assert "site-packages" not in shown


def test_error_shows_the_file_relative_to_the_repository(
    teams: dict[str, Team],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "ROOT", tmp_path)
    with pytest.raises(DevkitError):
        check_alone(small_team(teams["ml"], tmp_path / "one", "one", BAD))
    assert "\none/one_defs.py:2: ZeroDivisionError" in capsys.readouterr().out


TELLS = """\
import os
os.write(2, os.environ["KEY"].encode())
raise ValueError("cannot connect with " + os.environ["TOKEN"] + os.environ["KEY"])
"""


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_a_secret_in_a_team_s_error_is_masked_in_every_format(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    team = small_team(teams["ml"], tmp_path, "one", TELLS)
    team.env_file.write_text('TOKEN=hun%ter22\nKEY="first line\nsecond line"\n', encoding="utf-8")
    with pytest.raises(DevkitError):
        check.check([team], [team], Options(tracebacks=True), form=form)
    printed = "".join(capsys.readouterr())
    assert "cannot connect with ***" in printed
    for secret in ("hun%ter22", "hun%25ter22", "first line", "second line"):
        assert secret not in printed


def test_team_that_hangs_or_dies_never_passes(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = {
        "hanging": "import time\ntime.sleep(600)\n",
        "gone": "import os\nos._exit(0)\n",
        "leaving": "raise SystemExit\n",
    }
    some = [small_team(teams["ml"], tmp_path, name, code) for name, code in codes.items()]
    with pytest.raises(DevkitError, match="3 of 3 failed to load: hanging, gone, leaving"):
        check.check(some, some, Options(timeout=6.0))
    shown = capsys.readouterr().out
    assert f"{tmp_path}/hanging_defs.py:2: timed out after 6 s" in shown
    assert "the interpreter died (exit code 0)" in shown
    assert f"{tmp_path}/leaving_defs.py:1: SystemExit" in shown


def test_missing_asset_of_a_job_is_named_in_one_line(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DevkitError):
        check_alone(small_team(teams["ml"], tmp_path, "one", REJECTED))
    shown = capsys.readouterr().out
    assert "one_defs (module): DagsterInvalidSubsetError: AssetKey(s) ['gone']" in shown
    assert "site-packages" not in shown


def test_teams_of_this_repository_load(
    teams: dict[str, Team], capsys: pytest.CaptureFixture[str]
) -> None:
    check.check([*teams.values()], [*teams.values()], Options())
    assert capsys.readouterr().out.count("ok ") == len(teams)


MISSING_UPSTREAM = (
    "import dagster as dg\n\n@dg.asset(deps=['gone'])\ndef cup() -> None: ...\n\n"
    "defs = dg.Definitions(assets=[cup])\n"
)


@pytest.fixture
def three(teams: dict[str, Team], tmp_path: Path) -> list[Team]:
    """One that loads, one that depends on an asset without a producer, one that doesn't load."""
    codes = {"one": GOOD, "two": MISSING_UPSTREAM, "three": BAD}
    return [small_team(teams["ml"], tmp_path / name, name, code) for name, code in codes.items()]


def test_unchanged_team_is_not_loaded_again(
    three: list[Team], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, _ = three
    with pytest.raises(DevkitError):
        check.check([one, two], [one, two], Options())
    assert "ok      one" in capsys.readouterr().out
    loaded = []
    load = loading.load

    def recorded(team: Team, timeout: float) -> Manifest | loading.Failure:
        loaded.append(team)
        return load(team, timeout)

    monkeypatch.setattr(loading, "load", recorded)
    with pytest.raises(DevkitError):
        check.check([one, two], [one, two], Options())
    assert loaded == []
    assert "2 of 2 teams unchanged (cached)\n" in capsys.readouterr().out
    (two.directory / "two_defs.py").write_text(GOOD.replace("tea", "cup"), encoding="utf-8")
    check.check([one, two], [one, two], Options())
    assert loaded == [two]
    check.check([one, two], [one, two], Options(use_cache=False))
    assert set(loaded[1:]) == {one, two}


def test_team_that_does_not_load_is_loaded_again_every_time(three: list[Team]) -> None:
    broken = three[2]
    for _ in range(2):
        with pytest.raises(DevkitError, match="1 of 1 failed to load: three"):
            check_alone(broken)


def test_contract_violation_fails_with_its_line_and_its_fix(
    three: list[Team], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, _ = three
    with pytest.raises(DevkitError, match="contract violations: key-nobody-makes"):
        check.check([one], [one, two], Options())  # contracts see all teams
    shown = capsys.readouterr().out
    assert (
        f"── key-nobody-makes ──\n{two.directory}/two_defs.py:4: cup of two depends on gone"
        in shown
    )
    assert "\n  fix:      correct the key, " in shown


def test_failure_of_another_team_is_reported_but_does_not_fail_the_check(
    three: list[Team], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, broken = three
    check.check([one], three, Options())  # a producer of `gone` may be missing
    shown = capsys.readouterr().out
    assert "three" in shown
    assert "ZeroDivisionError" in shown
    assert "three did not load, so missing producers were not checked" in shown
    with pytest.raises(DevkitError, match="1 of 1 failed to load: three"):
        check.check([broken], three, Options())
    assert two.name not in capsys.readouterr().err


def test_environment_that_can_not_be_built_is_its_teams_failure(
    three: list[Team], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, _ = three
    check.check([one], [one, two], Options(unbuilt={"two": "no disk"}))
    assert "two did not load, so missing producers were not checked" in capsys.readouterr().out
    with pytest.raises(DevkitError, match="1 of 2 failed to load: two"):
        check.check([one, two], [one, two], Options(unbuilt={"two": "no disk"}))


def test_json_is_the_only_output(three: list[Team], capsys: pytest.CaptureFixture[str]) -> None:
    one, two, _ = three
    output.use_stderr()
    with pytest.raises(DevkitError):
        check.check(three, three, Options(), form="json")
    report = json.loads(capsys.readouterr().out)
    assert report["version"] == 2
    assert not report["ok"]
    assert [(t["team"], t["error"] is None) for t in report["teams"]] == [
        ("one", True), ("two", True), ("three", False),
    ]  # fmt: skip
    assert report["teams"][2]["error"]["line"] == 2
    assert report["teams"][0]["manifest"]["assets"][0]["key"] == "tea"
    assert report["findings"] == []  # since a team did not load
    with pytest.raises(DevkitError):
        check.check([one, two], [one, two], Options(), form="json")
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["code"], finding["teams"], finding["keys"]) == (
        "key-nobody-makes", ["two"], ["gone"],
    )  # fmt: skip
    assert finding["line"] == 4


def test_annotations_name_file_and_line_in_githubs_format(
    three: list[Team], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, broken = three
    monkeypatch.setattr(reports, "ROOT", one.directory.parent)
    for some in ([one, two], [broken]):
        with pytest.raises(DevkitError):
            check.check(some, some, Options(), form="github")
    shown = capsys.readouterr().out.splitlines()
    errors = [line for line in shown if line.startswith("::error ")]
    assert errors[0].startswith(
        "::error file=two/two_defs.py,line=4,title=key-nobody-makes::cup of two depends on gone"
    )
    assert "%0Afix: " in errors[0]
    assert errors[1] == (
        "::error file=three/three_defs.py,line=2,title=does not load"
        "::three: ZeroDivisionError: division by zero"
    )


def test_unknown_format_is_an_error(three: list[Team]) -> None:
    with pytest.raises(DevkitError, match="unknown format 'xml'"):
        check.check(three, three, Options(), form="xml")

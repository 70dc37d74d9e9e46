"""The result of a check as text, JSON and GitHub annotations."""

import json
from dataclasses import replace

import pytest

from devkit.contracts import reports
from devkit.contracts.reports import Result
from devkit.contracts.snapshot import Finding
from devkit.core import masking
from devkit.core.paths import ROOT
from devkit.core.tracebacks import SourceLocation
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from testing.lineage import ANALYTICS, ML, manifest

LINE = SourceLocation(ROOT / "ml_project/assets.py", 7)
BROKEN = Failure(ML.team, "KeyError: 'a,b: 100%'", LINE, "Traceback ...", "noise")
FINDING = Finding("missing", "ml needs\npenguins", "declare it", ("ml",), ("penguins",), LINE)


def result(*chosen: str, findings: tuple[Finding, ...] = ()) -> Result:
    """Analytics was cached; ml does not load."""
    found: dict[str, Manifest | Failure] = {"analytics": ANALYTICS, "ml": BROKEN}
    return Result(chosen, found, frozenset({"ml"}), list(findings))


def test_only_a_chosen_team_fails_the_check() -> None:
    assert result("analytics", "ml").failures == [BROKEN]
    assert result("analytics", "ml").other_failures == []
    assert result("analytics").failures == []
    assert result("analytics").other_failures == ["ml"]
    assert result("ml").cached == ["analytics"]


def test_contents_are_counted() -> None:
    assert reports.contents(ML) == "3 assets, 2 external assets, 1 sensor (Dagster 1.13.0)"
    assert reports.contents(manifest("tea")) == "nothing (Dagster 1.13.0)"


def test_a_failure_shows_its_line_and_the_traceback_on_request() -> None:
    assert reports.failure(BROKEN) == "ml_project/assets.py:7: KeyError: 'a,b: 100%'\n\nnoise"
    assert "Traceback ..." in reports.failure(BROKEN, tracebacks=True)
    nowhere = replace(BROKEN, source=None, stderr="")
    assert reports.failure(nowhere).startswith(f"{ML.team.module} (module): KeyError")


def test_json_has_every_team_and_finding() -> None:
    document = json.loads(reports.as_json(result("ml", findings=(FINDING,))))
    assert document["ok"] is False
    cached, broken = document["teams"]
    assert (cached["asked"], cached["loaded"], cached["error"]) == (False, False, None)
    assert broken["error"]["message"] == BROKEN.message
    assert (broken["error"]["file"], broken["error"]["line"]) == ("ml_project/assets.py", 7)
    (finding,) = document["findings"]
    assert (finding["code"], finding["keys"], finding["line"]) == ("missing", ["penguins"], 7)
    assert json.loads(reports.as_json(result("analytics")))["ok"] is True


def test_annotations_are_escaped_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "mask", lambda text: text.replace("penguins", masking.MASK))
    lines = reports.annotations(result("ml", findings=(FINDING,))).splitlines()
    assert lines == [
        "::error file=ml_project/assets.py,line=7,title=does not load::ml: KeyError: 'a,b: 100%25'",
        "::error file=ml_project/assets.py,line=7,title=missing::"
        f"ml needs%0A{masking.MASK}%0Afix: declare it",
    ]

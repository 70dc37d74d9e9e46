"""Rules and findings, and what checks ask about paths."""

from pathlib import Path

from devkit.doctor.findings import Rule, Severity, may_write, nearest_existing, quoted
from testing.support import as_another_user

RULE = Rule("some", "something", "because", "`do it`", severity=Severity.WARNING)


def test_a_finding_says_what_its_rule_says_and_what_was_found() -> None:
    found = RULE.finding("it is so")
    assert (found.code, found.what, found.why) == ("some", "it is so", "because")
    assert (found.fix, found.severity) == ("`do it`", Severity.WARNING)
    assert RULE.finding("it is so", fix="`do that`").fix == "`do that`"


def test_paths_are_quoted_for_a_shell() -> None:
    assert quoted(Path("/a b"), Path("/c")) == "'/a b' /c"


def test_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path) == tmp_path
    assert nearest_existing(tmp_path / "no" / "such") == tmp_path


def test_a_closed_folder_can_not_be_written(tmp_path: Path) -> None:
    assert may_write(tmp_path)
    tmp_path.chmod(0o500)
    with as_another_user():
        assert not may_write(tmp_path)
    tmp_path.chmod(0o700)

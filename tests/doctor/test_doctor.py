"""`invoke doctor` as a whole: what it finds in a checkout, what --fix repairs, its messages."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from devkit import doctor
from devkit.commands import doctor as command
from devkit.core import processes
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.processes import Completed
from devkit.doctor import examine, page
from devkit.doctor.findings import Context, Rule, Severity
from testing.support import NO_NETWORK, Checkout, run

ENV_FILE = "ml_project/.env"


def found(checkout: Checkout, *options: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """The findings of `invoke doctor --json` in a copy, by code; the last one of each."""
    done = checkout.tasks("doctor", "--json", *options, env={**NO_NETWORK, **(env or {})})
    report = json.loads(done.stdout)
    errors = [one["code"] for one in report if one["severity"] == "error"]
    assert done.returncode == (1 if errors else 0), done.stderr
    assert "Traceback" not in done.stderr
    return {one["code"]: one for one in report}


def test_fix_repairs_a_fresh_clone(light_checkout: Checkout) -> None:
    # Empty locks are stale, and locking needs a package index: these findings stay.
    (light_checkout.root / ENV_FILE).write_text("PASSWORD=swordfish\n", encoding="utf-8")
    (light_checkout.root / ENV_FILE).chmod(0o644)

    before = found(light_checkout)
    assert {
        "environment-stale",
        "lock-stale",
        "home-not-ready",
        "hooks-missing",
        "env-readable",
    } <= before.keys()
    assert before["environment-stale"]["fix"] == "`invoke setup`"
    assert before["lock-stale"]["fix"].startswith("`invoke lock --team ")
    assert before["env-readable"]["fix"] == f"`chmod 600 {ENV_FILE}`"
    assert not before["lock-stale"]["safe"]

    after = found(light_checkout, "--fix")
    assert not {"environment-stale", "hooks-missing", "env-readable"} & after.keys()
    assert (light_checkout.root / ENV_FILE).stat().st_mode & 0o777 == 0o600
    assert (light_checkout.root / "ml_project/.venv-mlproject/.stamp").exists()
    assert "lock-stale" in after


def test_a_finding_shows_what_why_and_how_to_fix_it(light_checkout: Checkout) -> None:
    done = light_checkout.tasks("doctor", env=NO_NETWORK)
    assert done.returncode == 1
    assert "── hooks-missing ──\nthe git hooks are not installed\n  why:      " in done.stdout
    assert "  fix:      `invoke setup`" in done.stdout
    assert re.match(r"\d+ problems: ", done.stderr)
    assert "`invoke doctor --fix` repairs what is safe" in done.stderr


def test_a_broken_registry_does_not_hide_other_findings(light_checkout: Checkout) -> None:
    (light_checkout.root / "workspace.yaml").write_text("load_from: nothing\n", encoding="utf-8")
    report = found(light_checkout)
    assert "workspace.yaml lists no teams" in report["registry-broken"]["what"]
    assert "hooks-missing" in report


def test_a_broken_file_does_not_hide_other_findings(light_checkout: Checkout) -> None:
    (light_checkout.root / "ml_project/pyproject.toml").write_text("[project\n", encoding="utf-8")
    report = found(light_checkout)
    assert "ml_project/pyproject.toml: invalid TOML" in report["lock-stale"]["what"]
    assert "hooks-missing" in report


def test_without_git_no_other_finding_is_about_git(
    light_checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    (path / "python3").symlink_to("/usr/bin/python3")
    report = found(light_checkout, env={"PATH": str(path)})
    assert "git-missing" in report
    assert not {"hooks-missing", "hooks-path", "git-unsafe"} & report.keys()
    monkeypatch.undo()


def test_a_failing_repair_is_tried_once_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries: list[Path] = []

    def repair() -> str:
        tries.append(tmp_path)
        raise PermissionError(13, "Permission denied")

    rule = Rule("some", "something", "because", "`do it`", safe=True)
    monkeypatch.setattr(
        doctor, "CHECKS", (lambda _: iter([rule.finding("it is so", repair=repair)]),)
    )
    with pytest.raises(DevkitError, match=r"^1 problem: some\n"):
        command.run(fix=True, as_json=False)
    assert len(tries) == 1
    assert "Permission denied" in capsys.readouterr().out


def test_a_warning_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = Rule("some", "something", "because", "`do it`", severity=Severity.WARNING)
    monkeypatch.setattr(doctor, "CHECKS", (lambda _: iter([rule.finding("it is so")]),))
    command.run(fix=False, as_json=False)
    assert "── some (warning) ──\nit is so\n  why:      because\n" in capsys.readouterr().out


def test_no_finding_is_reported_as_passed_checks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", ())
    command.run(fix=False, as_json=False)
    assert capsys.readouterr().out == "0 checks passed\n"


def test_a_check_that_can_not_run_is_a_finding() -> None:
    def check(_: Context) -> Any:
        raise PermissionError(13, "Permission denied", "somewhere")
        yield

    (one,) = doctor.run_check(check, Context((), Path("/"), {}))
    assert one.code == "not-known"
    assert "Permission denied" in one.what


def test_every_rule_has_one_code_and_is_documented() -> None:
    codes = [rule.code for rule in page.rules()]
    assert len(set(codes)) == len(codes)
    text = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")
    assert text == page.files()[ROOT / "docs/doctor.md"]  # fix: invoke derive
    assert [code for code in codes if f"| `{code}`" not in text] == []


def expected(node: ast.AST) -> Iterator[str]:
    """The strings in an expression, except those that it expects to be absent."""
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    if isinstance(node, ast.Compare):
        negated = any(isinstance(operator, ast.NotIn | ast.NotEq) for operator in node.ops)
    if negated:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from expected(child)


def asserted(source: str) -> set[str]:
    """The strings that the tests in a module expect: in their assertions and parameters."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            found.update(expected(node.test))
        elif isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                found.update(expected(decorator))
    return found


def test_every_rule_has_a_test_that_expects_it() -> None:
    files = Path(__file__).parent.glob("test_*.py")
    found = {code for file in files for code in asserted(file.read_text(encoding="utf-8"))}
    assert [rule.code for rule in page.rules() if rule.code not in found] == []


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ('assert one.code == "a"', {"a"}),
        ('assert {"a", "b"} <= report.keys()', {"a", "b"}),
        ('@parametrize("code", ["a"])\ndef test(): ...', {"code", "a"}),
        ('assert "a" not in report', set()),
        ('assert one.code != "a"', set()),
        ('assert not {"a"} & report.keys()', set()),
        ('wrong = "a"', set()),
    ],
)
def test_a_code_counts_as_expected_only_if_a_finding_of_it_must_exist(
    source: str, codes: set[str]
) -> None:
    assert asserted(source) == codes


def test_the_doctor_changes_nothing(light_checkout: Checkout) -> None:
    def state() -> str:
        return run(["git", "status", "--porcelain", "--ignored"], light_checkout.root).stdout

    found(light_checkout)
    before = state()
    found(light_checkout)
    assert state() == before


def test_the_doctor_starts_no_program_but_git(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = processes.run

    def recorded(argv: Sequence[str | Path], **options: Any) -> Completed:
        asked.append(str(argv[0]))
        return real(argv, **options)

    monkeypatch.setattr(processes, "run", recorded)
    assert {one.code for one in examine()} <= {rule.code for rule in page.rules()}
    assert set(asked) == {"git"}

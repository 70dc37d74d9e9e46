"""What all commands share: exit codes, common options, their list, and how teams are named."""

import errno
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from devkit import cli
from devkit.core import bugs, output, parallel
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.registry.workspace import load_teams
from testing.support import Checkout


@pytest.fixture(autouse=True)
def _same_handler_afterwards() -> Iterator[None]:
    """Restore this process's handler of SIGTERM, which a command sets."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_the_list_in_json_has_every_command_with_a_sentence(checkout: Checkout) -> None:
    done = checkout.tasks("--list", "--list-format", "json")
    listed = {task["name"]: task["help"] for task in json.loads(done.stdout)["tasks"]}
    wanted = {"setup", "dev", "test", "check", "utils", "shell", "exec", "teams", "lock"}
    assert wanted <= listed.keys()
    assert all(sentence.endswith(".") for sentence in listed.values()), listed


def test_the_list_is_in_groups_with_a_line_of_80_columns_for_each_command(
    checkout: Checkout,
) -> None:
    names = {
        task["name"]
        for task in json.loads(checkout.tasks("--list", "--list-format", "json").stdout)["tasks"]
    }
    done = checkout.tasks("--list", env={"COLUMNS": "80"})
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    groups = [line for line in lines if not line.startswith(" ") and line.endswith(":")]
    commands = [line for line in lines if line.startswith(" ")]
    assert groups[0] == "Every day:"
    assert len(groups) > 3
    assert len(lines) == len(groups) + len(commands) + 1  # the last one is about --help
    assert sorted(line.split()[0] for line in commands) == sorted(names)
    assert all(line.endswith(".") for line in commands)
    assert max(map(len, lines)) <= 80
    assert checkout.tasks().stdout == checkout.tasks("-l").stdout == done.stdout


def test_an_error_of_the_user_is_one_message_and_exit_code_1(checkout: Checkout) -> None:
    done = checkout.tasks("check", "--team", "anlytics")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("unknown team 'anlytics'; did you mean 'analytics'?\n")
    assert "\n  fix:      see `invoke teams`" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_reports_a_broken_registry(checkout: Checkout) -> None:
    checkout.edit("workspace.yaml", "      module_name: ml_project.definitions\n", "")
    for arguments in (["teams"], ["check"], ["exec", "--team", "ml", "--", "true"]):
        done = checkout.tasks(*arguments)
        assert done.returncode == 1
        assert "entry 2 (ml_project) is missing module_name" in done.stderr


Body = Callable[[Context], None]


def failing(error: BaseException) -> Body:
    """The body of a command that raises this error."""

    def fail(_: Context) -> None:
        """Fail."""
        raise error

    return fail


def ended(body: Body) -> Exit:
    """How a command with this body ends."""
    with pytest.raises(Exit) as raised:
        cli.command(help={})(body)(Context())
    return raised.value


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), cli.INTERRUPTED),
        (cli.TerminatedError(), cli.TERMINATED),
        (DevkitError("no tea"), 1),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/tea"), 1),
        (OSError(errno.ENOSPC, "No space left on device", "/srv/tea"), 1),
        (OSError("no tea"), cli.BUG),
        (Exit("no milk", code=7), 7),
    ],
)
def test_a_command_ends_with_the_code_of_its_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: int
) -> None:
    monkeypatch.setattr(bugs, "ROOT", tmp_path)
    monkeypatch.setattr(bugs, "STATE", tmp_path / ".dagteam")
    assert ended(failing(error)).code == code


def test_the_exit_codes_are_those_that_are_documented() -> None:
    assert (cli.BUG, cli.INTERRUPTED, cli.TERMINATED) == (3, 130, 143)


def test_term_ends_a_command_as_ctrl_c_does() -> None:
    def body(_: Context) -> None:
        """Get a TERM."""
        signal.raise_signal(signal.SIGTERM)

    assert ended(body).code == 143


def test_an_unexpected_exception_ends_with_3_and_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bugs, "ROOT", tmp_path)
    monkeypatch.setattr(bugs, "STATE", tmp_path / ".dagteam")
    monkeypatch.setattr(sys, "argv", ["invoke", "check", "--team", "ml"])
    end = ended(failing(ZeroDivisionError("no tea")))
    assert end.code == 3
    assert end.message is not None
    what, log, fix = end.message.splitlines()
    assert what == "unexpected error, a bug of DagTeam: ZeroDivisionError: no tea"
    assert log.startswith("  log:      .dagteam/logs/bug-")
    assert fix.startswith("  fix:      report it with the log: ")
    text = (tmp_path / log.split()[-1]).read_text(encoding="utf-8")
    assert text.startswith("DagTeam ")
    assert "\ncommand: check --team ml\n" in text
    assert "Traceback (most recent call last)" in text
    assert text.endswith("ZeroDivisionError: no tea\n")


def test_an_unexpected_exception_is_shown_where_no_log_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".dagteam").touch()
    monkeypatch.setattr(bugs, "STATE", tmp_path / ".dagteam")
    end = ended(failing(ZeroDivisionError("no tea")))
    assert end.code == 3
    assert end.message is not None
    assert end.message.startswith("unexpected error, a bug of DagTeam: ZeroDivisionError: no tea\n")
    assert "Traceback (most recent call last)" in end.message


def test_a_bug_has_no_traceback_on_the_terminal(checkout: Checkout) -> None:
    file = "devkit/commands/teams.py"
    checkout.edit(file, "    registry = some_teams()\n", "    registry = some_teams()[99]\n")
    done = checkout.tasks("teams")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("unexpected error, a bug of DagTeam: IndexError: ")
    assert "Traceback" not in done.stderr
    (log,) = (checkout.root / ".dagteam/logs").glob("bug-*.log")
    assert str(log.relative_to(checkout.root)) in done.stderr
    assert file in log.read_text(encoding="utf-8")


def test_every_command_has_the_common_options(checkout: Checkout) -> None:
    for name in ("check", "teams", "exec"):
        done = checkout.tasks("--help", name)
        assert "-v, --verbose" in done.stdout
        assert "-j INT, --jobs=INT" in done.stdout


@pytest.mark.parametrize("name", ["exec", "shell", "new-team", "remove-team"])
def test_help_after_a_command_with_an_argument_shows_its_help(
    checkout: Checkout, name: str
) -> None:
    done = checkout.tasks(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "-v, --verbose" in done.stdout


def test_v_and_j_hold_for_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []

    def body(_: Context) -> None:
        """Run a program."""
        seen.append(parallel.jobs())
        output.program(("echo", "tea"))

    brew = cli.command(help={})(body)
    brew(Context(), verbose=True, jobs=7)
    brew(Context())
    assert capsys.readouterr().err == "$ echo tea\n"
    assert seen == [7, parallel.cores()]


def test_v_shows_each_program_before_it_runs(light_checkout: Checkout) -> None:
    done = light_checkout.tasks("affected", "-v", "-j", "1", "--base", "HEAD")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("$ git ")
    assert light_checkout.tasks("affected", "--base", "HEAD").stderr == ""


def test_a_negative_number_of_jobs_is_an_error_of_the_user(checkout: Checkout) -> None:
    done = checkout.tasks("affected", "--jobs=-2", "--base", "HEAD")
    assert done.returncode == 1
    assert done.stderr.startswith("invalid number of jobs: -2\n  fix:      --jobs 1")


@pytest.mark.parametrize("name", ["ml", "ml_project", " ml ", "ml,ml_project"])
def test_one_team_takes_a_name_or_a_location(name: str) -> None:
    assert cli.one_team(name).location == "ml_project"


@pytest.mark.parametrize("name", ["", " , ", "ml,analytics"])
def test_one_team_is_not_none_or_two(name: str) -> None:
    with pytest.raises(DevkitError, match=r"^expected exactly one team, got ") as raised:
        cli.one_team(name)
    assert repr(name) in raised.value.what
    assert "expected: analytics, ml" in str(raised.value)


def test_one_team_with_an_unknown_name_is_an_error_with_the_closest_name() -> None:
    with pytest.raises(DevkitError, match=r"unknown team 'mll'; did you mean 'ml'\?"):
        cli.one_team("mll")


def test_some_teams_are_all_for_no_name_in_the_registrys_order() -> None:
    assert cli.some_teams() == load_teams(ROOT)
    assert [team.name for team in cli.some_teams(["ml,analytics"])] == ["analytics", "ml"]


@pytest.mark.parametrize(
    ("argv", "rest"),
    [
        (["invoke", "exec"], []),
        (["invoke", "exec", "--"], []),
        (["invoke", "exec", "--", "a  b", "--", "c"], ["a  b", "--", "c"]),
    ],
)
def test_arguments_after_two_dashes_are_kept_as_given(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], rest: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert cli.remainder() == rest

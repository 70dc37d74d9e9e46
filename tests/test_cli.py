"""What the commands have in common: exit codes, names of teams and rooms, arguments after `--`."""

import json
import signal
import sys
from collections.abc import Iterator

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from devkit import cli
from devkit.core.errors import DevkitError
from testing.support import Checkout


@pytest.fixture(autouse=True)
def _same_handler_afterwards() -> Iterator[None]:
    """A command sets this process's handler of SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_the_index_lists_every_command_with_a_sentence(checkout: Checkout) -> None:
    done = checkout.tasks("--list", "--list-format", "json")
    listed = {task["name"]: task["help"] for task in json.loads(done.stdout)["tasks"]}
    wanted = {"setup", "dev", "test", "check", "utils", "shell", "exec", "teams", "lock"}
    assert wanted <= listed.keys()
    assert all(sentence.endswith(".") for sentence in listed.values()), listed


def test_what_a_user_can_mend_is_one_message_and_exit_code_1(checkout: Checkout) -> None:
    done = checkout.tasks("check", "--team", "anlytics")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("there is no team 'anlytics'; did you mean 'analytics'?\n")
    assert "to mend:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_registry_is_told_by_every_command(checkout: Checkout) -> None:
    checkout.edit("workspace.yaml", "      module_name: ml_project.definitions\n", "")
    for arguments in (["teams"], ["check"], ["exec", "--team", "ml", "--", "true"]):
        done = checkout.tasks(*arguments)
        assert done.returncode == 1
        assert "entry 2 (ml_project) lacks module_name" in done.stderr


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (KeyboardInterrupt(), cli.INTERRUPTED),
        (cli.Terminated(), cli.TERMINATED),
        (DevkitError("no tea"), 1),
    ],
)
def test_a_command_ends_with_the_code_that_says_why(raised: BaseException, code: int) -> None:
    def body(_: Context) -> None:
        """Fail."""
        raise raised

    with pytest.raises(Exit) as ended:
        cli.command()(body)(Context())
    assert ended.value.code == code


def test_term_ends_a_command_as_ctrl_c_does() -> None:
    def body(_: Context) -> None:
        """Be told to end."""
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Exit) as ended:
        cli.command()(body)(Context())
    assert ended.value.code == 143


def test_one_team_is_one() -> None:
    assert cli.one_team("ml").location == "ml_project"
    with pytest.raises(DevkitError, match="'ml,analytics' is not one team"):
        cli.one_team("ml,analytics")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], ["tools", "orchestrator", "analytics", "ml"]),
        (["ml"], ["ml"]),
        (["ml_project,tools"], ["tools", "ml"]),
        (["orchestrator"], ["orchestrator"]),
    ],
)
def test_rooms_are_teams_and_those_of_no_team(asked: list[str], found: list[str]) -> None:
    names = [room.name for room in cli.some_rooms(asked)]
    assert names[: len(found)] == found
    assert not asked or names == found


def test_a_room_that_is_not_there_gets_the_nearest_name() -> None:
    with pytest.raises(DevkitError, match="did you mean 'ml'"):
        cli.some_rooms(["mll", "tools"])


@pytest.mark.parametrize(
    ("argv", "rest"),
    [
        (["invoke", "exec"], []),
        (["invoke", "exec", "--"], []),
        (["invoke", "exec", "--", "a  b", "--", "c"], ["a  b", "--", "c"]),
    ],
)
def test_what_follows_two_dashes_is_kept_as_it_was_given(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], rest: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert cli.remainder() == rest

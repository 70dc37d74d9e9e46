"""Dagster's own command line for projects, in a team's environment: the block of docs/dg.md."""

import json
import re

import pytest

from devkit.core.paths import ROOT
from testing.platform import ready_copy
from testing.support import Checkout

TEAM = "newcomer_project"
PAGE = (ROOT / "docs" / "dg.md").read_text()
(BLOCK,) = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy with a team as `invoke new-team` makes it."""
    copy = ready_copy(tmp_path_factory.mktemp("dg") / "checkout")
    succeed(copy, "new-team", "newcomer")
    return copy


def succeed(copy: Checkout, *arguments: str) -> str:
    done = copy.tasks(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def dg(copy: Checkout, *arguments: str) -> str:
    return succeed(copy, "exec", "--team", "newcomer", "--", "dg", *arguments)


def test_the_commands_of_the_page_work_and_what_they_write_is_loaded(made: Checkout) -> None:
    shell, *commands = BLOCK.splitlines()
    assert shell.startswith("invoke shell --team ")
    for command in commands:
        program, *arguments = command.split()
        assert program == "dg"
        dg(made, *arguments)
    assert (made.root / TEAM / TEAM / "defs/invoices.py").exists()
    told = json.loads(succeed(made, "check", "--json"))
    (team,) = (one for one in told["teams"] if one["team"] == "newcomer")
    assert "invoices" in {asset["key"] for asset in team["manifest"]["assets"]}


def test_both_see_the_same_assets(made: Checkout) -> None:
    listed = json.loads(dg(made, "list", "defs", "--json"))
    assert "newcomer_example" in {asset["asset_key"] for asset in listed["assets"]}


def test_what_does_not_load_is_an_error_for_dg_as_well(made: Checkout) -> None:
    broken = made.root / TEAM / TEAM / "defs/broken.py"
    broken.write_text("1 / 0\n")
    done = made.tasks("exec", "--team", "newcomer", "--", "dg", "check", "defs")
    broken.unlink()
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout + done.stderr

"""What is derived from the registry: written where it is stale, and a hand edit is noticed."""

import pytest

from devkit import derived, editors
from devkit.bootstrap import ROOT
from devkit.errors import DevkitError
from devkit.workspace import Team, load_teams
from tests.support import Checkout

WRITE = """
from devkit import derived
from devkit.bootstrap import ROOT
from devkit.workspace import load_teams
derived.write(load_teams(ROOT))
"""


def test_the_files_are_what_the_registry_makes_them() -> None:
    derived.require_fresh(load_teams(ROOT))  # to mend: invoke derive


def test_what_is_stale_is_written_and_nothing_else(light_checkout: Checkout) -> None:
    tasks = light_checkout.root / ".vscode" / "tasks.json"
    wanted = tasks.read_text()
    tasks.unlink()
    assert light_checkout.devkit(WRITE).stdout == "written: .vscode/tasks.json\n"
    assert tasks.read_text() == wanted
    assert "up to date" in light_checkout.devkit(WRITE).stdout


def test_a_hand_edit_is_noticed(teams: dict[str, Team], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editors, "COMMANDS", ("setup",))  # as if it had been edited by hand
    with pytest.raises(DevkitError, match=r"it: \.vscode/tasks\.json$") as caught:
        derived.require_fresh(list(teams.values()))
    assert caught.value.mend == "invoke derive"

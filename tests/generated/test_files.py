"""Generated files: stale ones are found and written."""

import pytest

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.generated import editors
from devkit.generated import files as generated
from devkit.registry.workspace import Team, load_teams
from testing.support import Checkout

WRITE = """
from devkit.generated import files as generated
from devkit.core.paths import ROOT
from devkit.registry.workspace import load_teams
generated.write(generated.files(load_teams(ROOT)))
"""


def test_the_generated_files_are_up_to_date() -> None:
    generated.require_fresh(generated.files(load_teams(ROOT)))  # fix: invoke derive


def test_only_stale_files_are_written(light_checkout: Checkout) -> None:
    tasks = light_checkout.root / ".vscode" / "tasks.json"
    wanted = tasks.read_text(encoding="utf-8")
    tasks.unlink()
    assert light_checkout.devkit(WRITE).stdout == "wrote .vscode/tasks.json\n"
    assert tasks.read_text(encoding="utf-8") == wanted
    assert "up to date" in light_checkout.devkit(WRITE).stdout


def test_a_hand_edit_is_reported(teams: dict[str, Team], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editors, "COMMANDS", ("setup",))  # as if it had been edited by hand
    with pytest.raises(DevkitError, match=r"^out of date: \.vscode/tasks\.json\n") as caught:
        generated.require_fresh(generated.files(list(teams.values())))
    assert caught.value.fix == "invoke derive"

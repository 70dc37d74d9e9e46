"""Generated files: stale ones are found and written, other people's are left alone."""

from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.generated import compose, dagster_plus, editors, helm
from devkit.generated import files as generated
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    return tmp_path


HEADERS = ("# Generated from workspace.yaml by `invoke derive`\n", "// Derived (`invoke derive`)\n")


@pytest.mark.parametrize("own", ['{"mine": true}\n', "# see invoke setup\na: 1\n", "größe\n"])
def test_a_file_that_somebody_wrote_is_never_overwritten(own: str, folder: Path) -> None:
    (folder / "mine.json").write_bytes(own.encode("latin-1"))
    texts = {folder / "new.json": HEADERS[0], folder / "mine.json": HEADERS[0]}
    with pytest.raises(DevkitError, match=r"not overwritten.*: mine\.json\n"):
        generated.write(texts)
    assert (folder / "mine.json").read_bytes() == own.encode("latin-1")
    assert not (folder / "new.json").exists()


@pytest.mark.parametrize("before", [*HEADERS, "", "\n"])
def test_a_generated_or_empty_file_is_written(before: str, folder: Path) -> None:
    (folder / "tasks.json").write_text(before, encoding="utf-8")
    generated.write({folder / "tasks.json": f"{HEADERS[0]}x: 1\n"})
    assert (folder / "tasks.json").read_text(encoding="utf-8") == f"{HEADERS[0]}x: 1\n"


def test_a_file_with_a_generated_part_is_written(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('python = "3.10"\n', encoding="utf-8")
    generated.write({folder / "pyproject.toml": 'python = "3.11"\n'})
    assert "3.11" in (folder / "pyproject.toml").read_text(encoding="utf-8")


def test_every_file_that_is_generated_as_a_whole_has_the_marker(teams: dict[str, Team]) -> None:
    whole = (editors, dagster_plus, helm, compose)
    for path, text in (pair for one in whole for pair in one.files([*teams.values()]).items()):
        assert generated.MARKER in text[: generated.TOP], path

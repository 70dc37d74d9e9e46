"""Editing the registry: one entry more or less, and no other character changes."""

from pathlib import Path

import pytest
import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.registry import edit
from devkit.registry.team import Team

HEAD = """\
# THE registry.

other: [1, 2]   # what else there may be
load_from:   # the teams
"""
TEA = """\
  # Tea, since 1840.
  - python_module:
      location_name: tea_project   # the first
      module_name: tea_project.definitions
      working_directory: tea_project
      executable_path: "tea_project/.venv-tea/bin/python"
"""
MILK = """\

  # Milk. It has
  # two lines.
  - python_module:
      module_name: milk_project.definitions
      location_name: 'milk_project'
      executable_path: milk_project/.venv-milk/bin/python
      working_directory: milk_project
"""
SUGAR = """\
  - python_module:
      location_name: sugar_project
      module_name: sugar_project.definitions
      working_directory: sugar_project
      executable_path: sugar_project/.venv-sugar/bin/python
"""
TAIL = "# The end.\n"


def team(name: str) -> Team:
    folder = ROOT / f"{name}_project"
    python = folder / f".venv-{name}/bin/python"
    return Team(f"{name}_project", f"{name}_project.definitions", folder, python, line=0)


def test_a_team_comes_after_the_others_and_nothing_else_changes() -> None:
    changed = edit.with_team(HEAD + TEA + MILK + TAIL, team("sugar"))
    assert changed == HEAD + TEA + MILK + SUGAR + TAIL


@pytest.mark.parametrize(
    ("name", "left"), [("tea", MILK + SUGAR), ("milk", TEA + SUGAR), ("sugar", TEA + MILK)]
)
def test_a_team_goes_with_the_comments_above_it(name: str, left: str) -> None:
    changed = edit.without_team(HEAD + TEA + MILK + SUGAR + TAIL, team(name))
    assert changed.replace("\n\n", "\n") == (HEAD + left + TAIL).replace("\n\n", "\n")


@pytest.mark.parametrize("text", [HEAD + TEA, HEAD + TEA + MILK + TAIL, HEAD + SUGAR.rstrip()])
def test_adding_and_removing_a_team_changes_nothing(text: str) -> None:
    changed = edit.with_team(text, team("coffee"))
    assert edit.without_team(changed, team("coffee")) == text.rstrip("\n") + "\n"


def test_adding_and_removing_a_team_in_this_repository_changes_nothing() -> None:
    text = (ROOT / "workspace.yaml").read_text(encoding="utf-8")
    assert edit.without_team(edit.with_team(text, team("sugar")), team("sugar")) == text


def test_a_team_is_added_to_a_list_without_indentation() -> None:
    flat = "load_from:\n" + "".join(line[2:] for line in TEA.splitlines(keepends=True)[1:])
    changed = edit.with_team(flat, team("sugar"))
    assert changed == flat + "".join(line[2:] for line in SUGAR.splitlines(keepends=True))


def test_removing_the_last_team_leaves_an_empty_list() -> None:
    empty = edit.without_team("# Teams\nload_from:\n" + SUGAR, team("sugar"))
    assert empty == "# Teams\nload_from: []\n"
    assert edit.with_team(empty, team("sugar")) == "# Teams\nload_from:\n" + SUGAR


@pytest.mark.parametrize("change", [edit.with_team, edit.without_team])
def test_a_list_on_one_line_is_an_error(change: object) -> None:
    fields = edit.entry(team("tea"))
    text = yaml.safe_dump(
        {"load_from": [{"python_module": fields}, {"python_module": {"location_name": "x"}}]},
        default_flow_style=True,
    )
    with pytest.raises(DevkitError, match="cannot be edited automatically") as caught:
        change(text, team("sugar" if change is edit.with_team else "tea"))  # type: ignore[operator]
    assert caught.value.fix == "edit workspace.yaml"


def test_a_reader_sees_the_old_text_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "workspace.yaml"
    file.write_text("old\n", encoding="utf-8")
    file.chmod(0o640)
    monkeypatch.setattr(edit, "REGISTRY", file)
    with file.open(encoding="utf-8") as reader:
        edit.write("new\n")
        assert (reader.read(), edit.read()) == ("old\n", "new\n")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["workspace.yaml"]

"""The plan's page, the questions, and the command's exit codes."""

from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from devkit.adoption import page, planning, questions
from devkit.adoption.model import Plan, Question
from devkit.adoption.questions import Answers
from devkit.commands.adopt import adopt
from devkit.core.errors import DevkitError
from testing import foreign

QUESTION = Question("color", "which?", ("red", "blue"))


def test_the_page_says_what_each_team_is_and_where_that_was_found(tmp_path: Path) -> None:
    root = foreign.one_distribution(tmp_path)
    lines = page.text(planning.plan(root, Answers({}))).splitlines()
    assert lines[0] == f"{root}: 3 locations, from workspace.yaml"
    assert lines[2] == (
        "team store_north   location store_north   module store_north   workspace.yaml:3"
    )
    assert "  project    teams/store_north (new)" in lines
    assert "  needs      dagster>=1.8   (pyproject.toml:5)" in lines
    assert "  libraries  shared, vendor/coach_runtime" in lines
    assert lines[-1].startswith("0 open questions, 0 obstacles, ")


def test_the_page_ends_with_what_a_person_has_to_do(tmp_path: Path) -> None:
    root = foreign.commit(foreign.write(tmp_path, {"workspace.yaml": "a: 1\n"}))
    text = page.text(planning.plan(root, Answers({})))
    assert "OBSTACLE  workspace.yaml:1: " in text and "  fix:      " in text
    asked = page.text(Plan(root, "", "", questions=(QUESTION,)))
    assert '  answer:   color = "..." in the file of --answers' in asked


def test_an_answer_is_one_of_the_choices_or_the_question_stays_open() -> None:
    given = Answers({"color": "red"})
    assert given.answer(QUESTION) == "red" and given.used == {"color": "red"}
    none = Answers({})
    assert none.answer(QUESTION) is None and none.open == [QUESTION]
    with pytest.raises(DevkitError, match="not one of the choices"):
        Answers({"color": "green"}).answer(QUESTION)


def test_a_file_of_answers_has_texts(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text('color = "red"\n', encoding="utf-8")
    assert questions.read(file) == {"color": "red"}
    file.write_text("color = 1\n", encoding="utf-8")
    with pytest.raises(DevkitError, match="is no text"):
        questions.read(file)


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = foreign.source_layout(tmp_path)
    before = sorted(root.rglob("*"))
    adopt.body(Context(), str(root), dry_run=True)
    assert "2 locations" in capsys.readouterr().out
    assert sorted(root.rglob("*")) == before


def test_data_and_history_are_said_to_stay(tmp_path: Path) -> None:
    files = {
        "workspace.yaml": "load_from:\n  - python_file: a.py\n",
        "a.py": 'import pandas\n\nX = pandas.read_csv("data/orders.csv"), open("/etc/hosts")\n',
        "home/dagster.yaml": "",
        "pyproject.toml": foreign.project("a", "dagster"),
    }
    root = foreign.commit(foreign.write(tmp_path, files))
    found = planning.plan(root, Answers({})).runtime
    assert found[0].endswith("directories: data/orders.csv (a.py:3)")
    assert found[1].endswith("keep that of home/dagster.yaml")


def test_a_path_that_is_no_folder_ends_with_2(tmp_path: Path) -> None:
    with pytest.raises(Exit) as raised:
        adopt.body(Context(), str(tmp_path / "none"))
    assert raised.value.code == 2 and "is no folder" in str(raised.value.message)


def test_what_is_in_the_way_ends_with_2(tmp_path: Path) -> None:
    root = foreign.nothing_declared(tmp_path)
    with pytest.raises(Exit) as raised:
        adopt.body(Context(), str(root))
    assert raised.value.code == 2


def test_what_is_true_of_several_projects_is_said_once(tmp_path: Path) -> None:
    plan = planning.plan(foreign.one_distribution(tmp_path), Answers({}))
    (note,) = [one for one in plan.notes if "shared by" in one]
    folders = [team.project for team in plan.teams]
    assert note == f"new projects {', '.join(folders)}: pyproject.toml is shared by 3 locations"

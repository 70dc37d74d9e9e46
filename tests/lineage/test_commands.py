"""`invoke lineage`: the graph of tiny teams, and what a branch of theirs does to it."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from devkit import lineage
from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.lineage import base_revision
from testing.lineage_repositories import Repository, code

Command = Callable[..., None]

READING = """\
import dagster as dg
@dg.asset(deps=["cup"])
def jug() -> None: ...
defs = dg.Definitions(assets=[jug])
"""
STARTS = {
    "mermaid": "flowchart LR\n",
    "markdown": "# Lineage\n",
    "json": '{\n "version": 1,\n',
    "svg": "<svg ",
}


@pytest.fixture
def draw(repository: Repository) -> Command:
    """`invoke lineage` in the repository."""

    def drawn(select: str = "", form: str = "", target: Path | None = None) -> None:
        lineage.draw(repository.teams, select=select, form=form, target=target)

    return drawn


@pytest.fixture
def compare(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`invoke lineage --diff main` on a branch: tea makes pot, not cup, which milk reads."""
    repository.git("checkout", "--quiet", "main")
    repository.write("milk/milk_code.py", READING)
    repository.commit()
    repository.git("checkout", "--quiet", "-B", "work")
    repository.write("tea/tea_code.py", code("'pot'"))
    monkeypatch.setattr(
        base_revision, "manifests_at", partial(base_revision.manifests_at, root=repository.root)
    )

    def compared(
        base: str = "main", select: str = "", form: str = "", target: Path | None = None
    ) -> None:
        lineage.compare(repository.teams, base, select=select, form=form, target=target)

    return compared


def refusal(command: Command, **options: str | Path) -> str:
    with pytest.raises(DevkitError) as raised:
        command(**options)
    return str(raised.value)


def test_the_graph_is_printed_as_mermaid_and_nothing_else_is(
    draw: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    draw()
    said = capsys.readouterr()
    assert said.out.startswith("flowchart LR\n")
    assert '["cup"]' in said.out
    assert '["jug"]' in said.out
    assert not said.out.endswith("\n\n")
    assert said.err == ""


def test_a_part_of_the_graph_is_drawn(draw: Command, capsys: pytest.CaptureFixture[str]) -> None:
    draw(select="team:milk", form="json")
    assert [one["key"] for one in json.loads(capsys.readouterr().out)["assets"]] == ["jug"]
    assert "did you mean 'jug'?" in refusal(draw, select="jugg")


def test_the_format_is_what_is_asked_for_or_what_the_files_name_says(
    draw: Command, tmp_path: Path
) -> None:
    suffixes = {".md": "markdown", ".json": "json", ".svg": "svg", ".txt": "mermaid", "": "mermaid"}
    for suffix, form in suffixes.items():
        file = tmp_path / f"graph{suffix}"
        draw(target=file)
        assert file.read_text(encoding="utf-8").startswith(STARTS[form]), suffix
    for form, start in STARTS.items():
        draw(form=form, target=tmp_path / "graph.svg")
        assert (tmp_path / "graph.svg").read_text(encoding="utf-8").startswith(start), form


def test_a_file_is_written_when_it_differs_and_only_then(
    draw: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output.use_stderr()
    file = tmp_path / "graph.md"
    draw(target=file)
    written = file.read_text(encoding="utf-8")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"{file} is up to date now\n")
    os.utime(file, (0, 0))
    draw(target=file)
    assert file.stat().st_mtime == 0
    assert capsys.readouterr().err == ""
    file.write_text("by hand", encoding="utf-8")
    draw(target=file)
    assert file.read_text(encoding="utf-8") == written
    assert capsys.readouterr().err == f"{file} is up to date now\n"


def test_a_file_in_a_folder_that_is_not_there_is_written_and_one_in_a_file_is_refused(
    draw: Command, tmp_path: Path
) -> None:
    file = tmp_path / "new" / "graph.md"
    draw(target=file)
    assert file.read_text(encoding="utf-8").startswith(STARTS["markdown"])
    said = refusal(draw, target=file / "graph.md")
    assert said.startswith(f"{file / 'graph.md'} can't be written: ")
    assert "--output" in said


def test_an_unknown_format_is_refused(draw: Command, tmp_path: Path) -> None:
    said = refusal(draw, form="png", target=tmp_path / "graph.png")
    assert said.startswith("there is no format 'png'\n")
    assert "mermaid, markdown, json, svg" in said
    assert not (tmp_path / "graph.png").exists()


@pytest.mark.parametrize("command", ["draw", "compare"])
def test_a_team_that_does_not_load_is_named_and_nothing_is_written(
    command: str, request: pytest.FixtureRequest, repository: Repository, tmp_path: Path
) -> None:
    run: Command = request.getfixturevalue(command)
    repository.write("milk/milk_code.py", "1 / 0\n")
    said = refusal(run, target=tmp_path / "graph.md")
    assert said.startswith("the graph is not known: milk does not load\n")
    assert "invoke check" in said
    assert not (tmp_path / "graph.md").exists()


def test_a_branch_is_told_as_a_comment_with_what_it_breaks(
    compare: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare()
    said = capsys.readouterr().out
    assert said.startswith("## Lineage\n\n**Breaks (1)**\n\n- `key-nobody-makes`: ")
    assert "**Added (1)**\n\n- `pot` (tea)\n" in said
    assert "**Removed (1)**\n\n- `cup` (tea), which milk read\n" in said
    compare(target=tmp_path / "comment.md")
    assert (tmp_path / "comment.md").read_text(encoding="utf-8") == said


def test_what_was_broken_before_the_branch_is_not_the_branchs(
    compare: Command, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.commit()
    repository.write("tea/tea_code.py", code("'pot'", "'bag'"))
    compare("HEAD")
    said = capsys.readouterr().out
    assert "**Added (1)**\n\n- `bag` (tea)\n" in said
    assert "Nothing breaks." in said


def test_a_comparison_is_a_picture_where_that_is_asked_for(
    compare: Command, tmp_path: Path
) -> None:
    compare(form="mermaid", target=tmp_path / "graph.md")
    assert (tmp_path / "graph.md").read_text(encoding="utf-8").startswith(STARTS["mermaid"])
    compare(target=tmp_path / "graph.svg")
    picture = (tmp_path / "graph.svg").read_text(encoding="utf-8")
    assert picture.startswith(STARTS["svg"])
    assert 'class="asset added"' in picture
    assert 'class="asset removed"' in picture


def test_a_comparison_has_no_other_format(compare: Command, tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    for said in (refusal(compare, form="json"), refusal(compare, target=file)):
        assert said.startswith("a comparison has no format 'json'\n")
        assert "markdown, mermaid or svg" in said
    assert not file.exists()


@pytest.mark.parametrize(
    ("select", "told", "untold"),
    [("cup", "**Removed (1)**", "**Added"), ("pot", "**Added (1)**", "**Removed")],
)
def test_a_part_of_a_comparison_is_of_then_or_of_today(
    compare: Command, capsys: pytest.CaptureFixture[str], select: str, told: str, untold: str
) -> None:
    compare(select=select)
    said = capsys.readouterr().out
    assert told in said
    assert untold not in said


def test_a_base_that_is_not_there_is_named(compare: Command) -> None:
    assert "'mian' is not there" in refusal(compare, base="mian")


def test_what_is_not_known_of_the_base_is_a_note(
    compare: Command, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("milk/milk_code.py", "1 / 0\n")
    repository.commit()
    repository.write("milk/milk_code.py", READING)
    compare("HEAD")
    said = capsys.readouterr().out
    assert "**Note**\n\n- The definitions that milk had at HEAD don't load" in said
    assert "**Added" not in said

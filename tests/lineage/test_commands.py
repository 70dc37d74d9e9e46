"""`invoke lineage`: the graph of tiny teams, and a branch's changes to it."""

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

CONSUMER = """\
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
    """`invoke lineage --diff main` on a branch: tea produces pot, no longer cup, as milk needs."""
    repository.git("checkout", "--quiet", "main")
    repository.write("milk/milk_code.py", CONSUMER)
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


def test_draw_prints_only_the_graph_as_mermaid(
    draw: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    draw()
    printed = capsys.readouterr()
    assert printed.out.startswith("flowchart LR\n")
    assert '["cup"]' in printed.out
    assert '["jug"]' in printed.out
    assert not printed.out.endswith("\n\n")
    assert printed.err == ""


def test_draw_selects_a_part(draw: Command, capsys: pytest.CaptureFixture[str]) -> None:
    draw(select="team:milk", form="json")
    assert [one["key"] for one in json.loads(capsys.readouterr().out)["assets"]] == ["jug"]
    assert "did you mean 'jug'?" in refusal(draw, select="jugg")


def test_draw_chooses_the_format_by_option_or_suffix(draw: Command, tmp_path: Path) -> None:
    suffixes = {".md": "markdown", ".json": "json", ".svg": "svg", ".txt": "mermaid", "": "mermaid"}
    for suffix, form in suffixes.items():
        file = tmp_path / f"graph{suffix}"
        draw(target=file)
        assert file.read_text(encoding="utf-8").startswith(STARTS[form]), suffix
    for form, start in STARTS.items():
        draw(form=form, target=tmp_path / "graph.svg")
        assert (tmp_path / "graph.svg").read_text(encoding="utf-8").startswith(start), form


def test_draw_writes_a_file_only_if_it_differs(
    draw: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output.use_stderr()
    file = tmp_path / "graph.md"
    draw(target=file)
    written = file.read_text(encoding="utf-8")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"wrote {file}\n")
    os.utime(file, (0, 0))
    draw(target=file)
    assert file.stat().st_mtime == 0
    assert capsys.readouterr().err == ""
    file.write_text("by hand", encoding="utf-8")
    draw(target=file)
    assert file.read_text(encoding="utf-8") == written
    assert capsys.readouterr().err == f"wrote {file}\n"


def test_draw_creates_the_folder_of_a_file_or_fails(draw: Command, tmp_path: Path) -> None:
    file = tmp_path / "new" / "graph.md"
    draw(target=file)
    assert file.read_text(encoding="utf-8").startswith(STARTS["markdown"])
    message = refusal(draw, target=file / "graph.md")
    assert message.startswith(f"{file / 'graph.md'} can't be written: ")
    assert "--output" in message


def test_draw_rejects_an_unknown_format(draw: Command, tmp_path: Path) -> None:
    message = refusal(draw, form="png", target=tmp_path / "graph.png")
    assert message.startswith("unknown format 'png'\n")
    assert "mermaid, markdown, json, svg" in message
    assert not (tmp_path / "graph.png").exists()


@pytest.mark.parametrize("command", ["draw", "compare"])
def test_team_that_does_not_load_is_named_and_nothing_is_written(
    command: str, request: pytest.FixtureRequest, repository: Repository, tmp_path: Path
) -> None:
    run: Command = request.getfixturevalue(command)
    repository.write("milk/milk_code.py", "1 / 0\n")
    message = refusal(run, target=tmp_path / "graph.md")
    assert message.startswith("the graph is incomplete: milk does not load\n")
    assert "invoke check" in message
    assert not (tmp_path / "graph.md").exists()


def test_compare_prints_a_comment_with_new_violations(
    compare: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare()
    printed = capsys.readouterr().out
    assert printed.startswith(
        "## Lineage\n\n**New contract violations (1)**\n\n- `key-nobody-makes`: "
    )
    assert "**Added (1)**\n\n- `pot` (tea)\n" in printed
    assert "**Removed (1)**\n\n- `cup` (tea); consumers: milk\n" in printed
    compare(target=tmp_path / "comment.md")
    assert (tmp_path / "comment.md").read_text(encoding="utf-8") == printed


def test_compare_omits_violations_that_the_base_has_too(
    compare: Command, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.commit()
    repository.write("tea/tea_code.py", code("'pot'", "'bag'"))
    compare("HEAD")
    printed = capsys.readouterr().out
    assert "**Added (1)**\n\n- `bag` (tea)\n" in printed
    assert "No new contract violations." in printed


def test_compare_draws_a_picture_on_request(compare: Command, tmp_path: Path) -> None:
    compare(form="mermaid", target=tmp_path / "graph.md")
    assert (tmp_path / "graph.md").read_text(encoding="utf-8").startswith(STARTS["mermaid"])
    compare(target=tmp_path / "graph.svg")
    picture = (tmp_path / "graph.svg").read_text(encoding="utf-8")
    assert picture.startswith(STARTS["svg"])
    assert 'class="asset added"' in picture
    assert 'class="asset removed"' in picture


def test_compare_rejects_other_formats(compare: Command, tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    for message in (refusal(compare, form="json"), refusal(compare, target=file)):
        assert message.startswith("unknown format 'json'\n")
        assert "markdown, mermaid or svg" in message
    assert not file.exists()


@pytest.mark.parametrize(
    ("select", "present", "absent"),
    [("cup", "**Removed (1)**", "**Added"), ("pot", "**Added (1)**", "**Removed")],
)
def test_compare_selects_assets_of_the_base_or_of_today(
    compare: Command, capsys: pytest.CaptureFixture[str], select: str, present: str, absent: str
) -> None:
    compare(select=select)
    printed = capsys.readouterr().out
    assert present in printed
    assert absent not in printed


def test_compare_names_an_unknown_base(compare: Command) -> None:
    assert "revision 'mian' not found" in refusal(compare, base="mian")


def test_compare_notes_what_is_unknown_of_the_base(
    compare: Command, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("milk/milk_code.py", "1 / 0\n")
    repository.commit()
    repository.write("milk/milk_code.py", CONSUMER)
    compare("HEAD")
    printed = capsys.readouterr().out
    assert "**Notes**\n\n- The definitions of milk at HEAD do not load" in printed
    assert "**Added" not in printed

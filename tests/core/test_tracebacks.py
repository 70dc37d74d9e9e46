"""Tracebacks: the lines of a team's own code in them."""

import traceback
from pathlib import Path

from devkit.core.tracebacks import SourceLocation, definitions_named_in, frames_in, last_error


def raised(file: Path, code: str) -> str:
    """The traceback of this code, as Python prints it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code, encoding="utf-8")
    try:
        exec(compile(code, str(file), "exec"), {})  # noqa: S102
    except Exception:
        return traceback.format_exc()
    raise AssertionError("the code did not fail")


def test_own_lines_are_those_in_the_teams_folder_outermost_first(tmp_path: Path) -> None:
    file = tmp_path / "tea/assets.py"
    text = raised(file, "def brew():\n    return 1 / 0\n\nbrew()\n")
    assert frames_in(text, tmp_path) == [SourceLocation(file, 4), SourceLocation(file, 2)]


def test_a_syntax_error_has_a_line_too(tmp_path: Path) -> None:
    file = tmp_path / "assets.py"
    file.write_text("x = 1\ndef f(:\n", encoding="utf-8")
    read = f"f = {str(file)!r}\ncompile(Path(f).read_text(encoding='utf-8'), f, 'exec')"
    main = f"from pathlib import Path\n{read}"
    text = raised(tmp_path / "main.py", main)
    assert frames_in(text, tmp_path)[-1] == SourceLocation(file, 2)


def test_lines_in_an_environment_or_elsewhere_are_not_own(tmp_path: Path) -> None:
    inside = raised(tmp_path / "tea/.venv-tea/lib/dagster/core.py", "1 / 0\n")
    outside = raised(tmp_path / "milk/assets.py", "1 / 0\n")
    assert frames_in(inside + outside, tmp_path / "tea") == []


def test_definitions_that_a_message_names_in_quotes_are_found(tmp_path: Path) -> None:
    file = tmp_path / "assets.py"
    file.write_text("import x\n\n@x.asset\ndef brew(): ...\n\nclass Pot: ...\n", encoding="utf-8")
    (tmp_path / "broken.py").write_text("def f(:\n", encoding="utf-8")
    elsewhere = tmp_path / ".venv-tea/brew.py"
    elsewhere.parent.mkdir()
    elsewhere.write_text("def brew(): ...\n", encoding="utf-8")
    assert definitions_named_in("required by op 'brew' was not provided", tmp_path) == [
        SourceLocation(file, 4)
    ]
    assert definitions_named_in("no such 'Pot'", tmp_path) == [SourceLocation(file, 6)]
    assert definitions_named_in("brew is not in quotes, 'kettle' not found", tmp_path) == []


def test_source_location_is_relative_to_a_folder_around_it(tmp_path: Path) -> None:
    source = SourceLocation(tmp_path / "tea/assets.py", 3)
    assert source.relative_to(tmp_path) == "tea/assets.py:3"
    assert source.relative_to(tmp_path / "milk") == f"{tmp_path}/tea/assets.py:3"


def test_last_error_has_all_its_lines_and_no_frames(tmp_path: Path) -> None:
    text = raised(tmp_path / "x.py", "raise ValueError('no tea:\\n    Error 1: no kettle')\n")
    assert last_error(text) == "ValueError: no tea:\n    Error 1: no kettle"
    assert last_error("") == ""

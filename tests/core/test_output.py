"""Output: plain lines in a log, and no text interpreted as markup."""

from pathlib import Path

import pytest

from devkit.core import output
from testing.support import devkit_script, started


def test_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output.info("[bold]tea[/] costs [1, 2]")
    output.block("a [b] c", "[red]\n")
    output.result(True, "t[e]a", "[/] done", 0.25, width=6)
    printed = capsys.readouterr().out
    assert "[bold]tea[/] costs [1, 2]\n" in printed
    assert "[red]\n" in printed
    assert "── a [b] c ──" in printed
    assert "t[e]a   [/] done  0.2 s" in printed


def test_a_log_gets_whole_lines_without_colors(capsys: pytest.CaptureFixture[str]) -> None:
    long = "tea " * 100
    output.result(False, "pot", long, 0.0, width=3)
    output.line("pot", f"\x1b[31m{long}\x1b[0m", width=5)
    result, line = capsys.readouterr().out.splitlines()
    assert result.startswith(f"FAILED  pot  {long.strip()}")
    assert line == f"pot   | {long}"


def test_warnings_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    output.warn("no tea")
    assert capsys.readouterr() == ("", "no tea\n")


def test_a_table_shows_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name", "kind"), [("tea", "green"), ("milk", "oat")])
    words = [line.split() for line in capsys.readouterr().out.splitlines() if line.split()]
    assert words[0] == ["name", "kind"]
    assert words[-2:] == [["tea", "green"], ["milk", "oat"]]


def test_progress_shows_the_jobs_that_are_still_running() -> None:
    shown: list[str] = []
    progress = output.Progress("brewing", shown.append)
    progress.start("tea")
    progress.start("milk")
    progress.end("tea")
    assert shown == ["brewing: tea", "brewing: tea, milk", "brewing: milk"]


def test_without_a_terminal_there_is_no_progress_line(capsys: pytest.CaptureFixture[str]) -> None:
    progress = output.Progress("brewing")
    with output.spinner(progress):
        progress.start("tea")
        progress.end("tea")
    assert capsys.readouterr().out == ""


def test_use_stderr_leaves_standard_output_to_the_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.use_stderr()
    output.info("loading ...")
    output.result(True, "tea", "brewed", 1.0, 3)
    output.emit('{"ok": true}')
    printed = capsys.readouterr()
    assert printed.out == '{"ok": true}\n'
    assert "loading ..." in printed.err
    assert "brewed" in printed.err


def test_verbose_prints_programs_as_a_shell_takes_them(capsys: pytest.CaptureFixture[str]) -> None:
    output.program(("echo", "never"))
    output.set_verbose(True)
    output.program(("echo", "a b", "$HOME"))
    assert capsys.readouterr() == ("", "$ echo 'a b' '$HOME'\n")


EVERYTHING = """
import os
from devkit.core import masking, output
output.show_everything()
text = "sch\\xf6n \\u2615 " + os.fsdecode(b"caf\\xe9")
output.emit(text)
output.info(text)
output.warn(text)
output.result(False, "t\\xe9", text, 0.1, width=3)
output.line("t\\xe9", text, width=3)
output.block("t\\xe9", text)
output.table(("t\\xe9",), [(text,)])
"""


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"PYTHONIOENCODING": "utf-8"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_everything_can_be_printed_in_every_encoding(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    with started(devkit_script(EVERYTHING), tmp_path, variables) as process:
        assert process.stdout
        printed = process.stdout.buffer.read()  # type: ignore[attr-defined] # it has one
    assert process.returncode == 0, printed
    assert printed.count(b"sch") == 7
    assert printed.count(b"caf\\udce9") == 7

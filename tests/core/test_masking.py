"""Masking: registered values are hidden in all that is printed, however they are written."""

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from devkit.core import masking, output
from devkit.core.paths import ROOT

KEY = "-----BEGIN KEY-----\nQUJDREVGR0g=\n  MTIzNDU2Nzg=\n-----END KEY-----"
PRINTERS: dict[str, Callable[[str], None]] = {
    "emit": output.emit,
    "emit_json": lambda text: output.emit_json(json.dumps({"a": [text]})),
    "info": output.info,
    "warn": output.warn,
    "result": lambda text: output.result(False, "tea", text, 0.1, width=3),
    "line": lambda text: output.line("tea", text, width=3),
    "block": lambda text: output.block("tea", text),
    "table": lambda text: output.table(("a",), [(text,)]),
    "program": lambda text: output.program(["echo", text]),
}


def test_a_registered_value_is_masked_wherever_it_occurs() -> None:
    masking.hide(["hunter22!"])
    assert masking.mask("a=hunter22!;b=xhunter22!x") == "a=***;b=x***x"


def test_short_values_stay_readable() -> None:
    masking.hide(["true", "8080", ""])
    assert masking.mask("true 8080") == "true 8080"


def test_the_longer_of_two_values_is_masked_whole() -> None:
    masking.hide(["secret", "secret-and-more"])
    assert masking.mask("secret-and-more") == "***"


def test_each_line_of_a_value_is_masked_for_itself() -> None:
    masking.hide([KEY])
    assert masking.mask(KEY) == "***"
    for line in KEY.splitlines():
        assert masking.mask(f"it says {line.strip()}") == "it says ***"


@pytest.mark.parametrize("written", [repr, json.dumps, quote, lambda text: quote(text, safe="")])
def test_a_value_is_masked_as_code_json_and_urls_write_it(written: Callable[[str], str]) -> None:
    masking.hide(["p/ss wörd'\"\\"])
    assert masking.mask(written("p/ss wörd'\"\\")).strip("'\"") == "***"


def test_json_stays_valid_and_keeps_its_names() -> None:
    masking.hide(["version", 'a"b\\c"d', ': 1, "b'])
    masked = masking.mask_json(json.dumps({"version": 1, "b": ["a version", 'a"b\\c"d']}, indent=1))
    assert json.loads(masked) == {"version": 1, "b": ["a ***", "***"]}


def test_a_value_that_names_a_team_or_the_checkout_is_no_secret() -> None:
    masking.show(["tea_project"])
    masking.hide(["tea_project", str(ROOT), str(ROOT / "a.key")])
    assert masking.mask(f"tea_project {ROOT}/x {ROOT}/a.key") == f"tea_project {ROOT}/x ***"


@pytest.mark.parametrize("name", PRINTERS)
def test_everything_that_is_printed_is_masked(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.set_verbose(True)
    masking.hide([KEY])
    PRINTERS[name](f"first\n{KEY}\nlast QUJDREVGR0g=")
    printed = "".join(capsys.readouterr())
    assert "***" in printed
    assert not any(line.strip() in printed for line in KEY.splitlines())


def test_every_function_that_prints_text_is_tried() -> None:
    functions = {
        name
        for name, made in vars(output).items()
        if callable(made) and getattr(made, "__module__", "") == output.__name__
    }
    others = {
        "Progress",
        "StatusTable",
        "console",
        "set_verbose",
        "show_everything",
        "spinner",
        "use_stderr",
    }
    assert {name for name in functions if name[0] != "_"} == PRINTERS.keys() | others

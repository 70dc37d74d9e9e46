"""Running uv: a failure is an error with the cause, in one line if it is known."""

from pathlib import Path

import pytest

from devkit.core import uv
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in uv's place that does what a test writes into it."""
    program = tmp_path / "uv"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(uv, "PROGRAM", program)
    return program


def test_the_tools_environment_has_uv() -> None:
    done = uv.ask("--version")
    assert done.code == 0
    assert done.stdout.startswith("uv ")


def test_uv_runs_in_the_root_without_variables_of_other_environments(
    stub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/another/environment")
    monkeypatch.setenv("PYTHONPATH", "/another/code")
    stub.write_text(
        '#!/bin/sh\npwd; echo "$VIRTUAL_ENV$PYTHONPATH"; cat; echo "$@"\n', encoding="utf-8"
    )
    done = uv.run("pip", Path("/tea"), failure="no tea", stdin="given\n")
    assert done.stdout == f"{ROOT}\n\ngiven\n--no-config pip /tea\n"


def test_ask_returns_a_failure(stub: Path) -> None:
    stub.write_text("#!/bin/sh\necho out; echo err >&2; exit 2\n", encoding="utf-8")
    done = uv.ask()
    assert (done.code, done.stdout, done.stderr) == (2, "out\n", "err\n")


def test_run_raises_a_known_cause_in_one_line(stub: Path) -> None:
    stub.write_text(
        "#!/bin/sh\necho 'error: x\n  cause: No space left on device' >&2; exit 2\n",
        encoding="utf-8",
    )
    with pytest.raises(DevkitError) as raised:
        uv.run("lock", failure="tea can't be locked")
    title, hint, cause = str(raised.value).splitlines()
    assert title == "tea can't be locked"
    assert hint.startswith("The disk is full")
    assert cause == "  found:    No space left on device"


def test_run_raises_an_unknown_cause_as_uv_printed_it(stub: Path) -> None:
    stub.write_text(
        "#!/bin/sh\necho 'No solution found:'; echo '  because tea<2' >&2; exit 1\n",
        encoding="utf-8",
    )
    with pytest.raises(DevkitError) as raised:
        uv.run("lock", failure="tea can't be locked")
    assert str(raised.value) == "tea can't be locked\nNo solution found:\n  because tea<2"

"""The record of running commands: who runs, and waiting for one of them."""

import os
from pathlib import Path

import pytest

from devkit.core import output, running
from testing.support import devkit_script, eventually, run, runs, started, written


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(running, "FOLDER", tmp_path / "running")
    return tmp_path / "running"


def other(folder: Path, command: str) -> list[str]:
    """Another process that runs a command until a file `end` exists."""
    return devkit_script(
        "from devkit.core import running\nfrom pathlib import Path\nimport time\n"
        f"running.FOLDER = Path({str(folder)!r})\n"
        f"with running.recorded({command!r}):\n"
        "    (running.FOLDER.parent / 'up').write_text('yes\\n')\n"
        "    while not (running.FOLDER.parent / 'end').exists():\n        time.sleep(0.02)"
    )


def test_another_command_is_seen_until_its_process_ends(folder: Path) -> None:
    with running.recorded("invoke check"):
        assert running.others() == {}
        with started(other(folder, "invoke setup"), folder.parent) as process:
            eventually(lambda: written(folder.parent / "up"), "it runs")
            assert running.others() == {str(process.pid): "invoke setup"}
            process.kill()
            eventually(lambda: not runs(process.pid), "it is killed")
        assert running.others() == {}
    assert not (folder / str(os.getpid())).exists()


def test_a_command_waits_for_the_end_of_clean_and_of_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []

    def say(text: str) -> None:
        said.append(text)
        (folder.parent / "end").touch()

    monkeypatch.setattr(output, "warn", say)
    with started(other(folder, "invoke clean"), folder.parent) as process:
        eventually(lambda: written(folder.parent / "up"), "it runs")
        running.wait_for_end("invoke test")
        with running.command("clean"):
            assert said == []
        with running.command("setup"):
            assert said == [f"waiting: `invoke clean` (pid {process.pid}) is running ..."]
            assert running.others() == {}


def test_where_nothing_can_be_written_nothing_is_recorded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write_text("no folder\n", encoding="utf-8")
    with running.recorded("invoke check"):
        assert running.others() == {}


def test_every_command_is_recorded() -> None:
    code = (
        "from devkit import cli\nfrom devkit.core import running\n"
        "@cli.command(help={})\ndef some_command(_):\n"
        "    from devkit.core.paths import STATE\n    import os\n"
        "    print((STATE / 'running' / str(os.getpid())).read_text())\n"
        "some_command(__import__('invoke').Context())"
    )
    assert run(devkit_script(code), Path.cwd()).stdout == "invoke some-command\n"

"""The log of a service: what stays, what is moved aside, and a full disk."""

from pathlib import Path

import pytest

from devkit.dev import logs
from devkit.dev.logs import Log


def test_a_new_session_moves_the_last_one_aside(tmp_path: Path) -> None:
    path = tmp_path / "it.log"
    for session in ("first", "second", "third"):
        log = Log(path, pytest.fail)
        log.write(f"{session} 100 %s {{}}")
        log.close()
    assert path.read_text(encoding="utf-8") == "third 100 %s {}\n"
    assert (tmp_path / "it.log.1").read_text(encoding="utf-8") == "second 100 %s {}\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_large_log_is_moved_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 1000)
    log = Log(tmp_path / "it.log", pytest.fail)
    for number in range(100):
        log.write(f"{number:050}")
    log.close()
    assert (tmp_path / "it.log").read_text(encoding="utf-8").endswith("99\n")
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 2000


def test_only_the_first_failure_is_reported(tmp_path: Path) -> None:
    reported: list[str] = []
    log = Log(tmp_path / "missing" / "it.log", reported.append)
    log.write("one")
    log.write("two")
    log.close()
    assert len(reported) == 1
    assert reported[0].startswith(f"{tmp_path}/missing/it.log can't be written: [Errno 2]")

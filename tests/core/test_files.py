"""Replacing files: readers see the old text or the new one, whatever happens to the writer."""

import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.core.files import read_text, replace_text
from testing.support import as_another_user, devkit_script, output_until_end, started

# Kills itself when the new text is written and has not replaced the old one.
KILLED = """
import os, pathlib, signal
from devkit.core.errors import DevkitError
from devkit.core.files import read_text, replace_text
pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
replace_text(pathlib.Path("tea.txt"), "new")
"""


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"gr\xc3\xbcn\r\nblau\r", "grün\nblau\n"), (b"\xef\xbb\xbftea", "tea"), (b"", "")],
)
def test_a_text_is_read(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "tea.txt").write_bytes(content)
    assert read_text(tmp_path / "tea.txt") == text


def test_a_text_that_is_not_utf_8_is_an_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "tea.txt").write_bytes(b"a\nb\ngr\xfcn\n")
    with pytest.raises(DevkitError, match=r"tea\.txt, line 3: not valid UTF-8") as raised:
        read_text(tmp_path / "tea.txt")
    assert raised.value.fix == f"save {tmp_path}/tea.txt as UTF-8"


def test_a_text_that_may_not_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "tea.txt"
    file.write_text("tea", encoding="utf-8")
    file.chmod(0)
    with as_another_user(), pytest.raises(DevkitError) as raised:
        read_text(file)
    assert raised.value.what == f"{file} can't be used: Permission denied"
    assert raised.value.fix == f"check its owner and permissions: `ls -ld {file}`"


def test_a_text_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "tea.txt"
    replace_text(file, "grün\n")
    replace_text(file, "schwarz ☕\n")
    assert file.read_text(encoding="utf-8") == "schwarz ☕\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_keeps_the_text_that_it_opened(tmp_path: Path) -> None:
    file = tmp_path / "tea.txt"
    replace_text(file, "old")
    with file.open(encoding="utf-8") as reader:
        replace_text(file, "new")
        assert reader.read() == "old"


def test_permissions_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "tea.sh"
    file.touch(0o640)
    file.chmod(0o750)
    replace_text(file, "new")
    assert file.stat().st_mode & 0o777 == 0o750


def test_a_killed_writer_leaves_the_old_text(tmp_path: Path) -> None:
    file = tmp_path / "tea.txt"
    file.write_text("old", encoding="utf-8")
    with started(devkit_script(KILLED), tmp_path) as writer:
        output_until_end(writer)
    assert writer.returncode == -signal.SIGKILL
    assert file.read_text(encoding="utf-8") == "old"
    (left,) = (path.name for path in tmp_path.iterdir() if path != file)
    assert re.fullmatch(rf"\.tea\.txt\.{writer.pid}\.\d+\.new", left)


def test_an_interrupted_writer_leaves_the_old_text_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "tea.txt"
    file.write_text("old", encoding="utf-8")
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_text(file, "new")
    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_written_is_an_oserror_and_the_old_text_stays(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "tea.txt").write_text("old", encoding="utf-8")
    folder.chmod(0o555)
    with as_another_user(), pytest.raises(PermissionError):
        replace_text(folder / "tea.txt", "new")
    assert (folder / "tea.txt").read_text(encoding="utf-8") == "old"


def test_threads_that_replace_one_file_at_once_leave_the_text_of_one(tmp_path: Path) -> None:
    file = tmp_path / "tea.txt"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: replace_text(file, f"{number}\n"), range(200)))
    assert int(file.read_text(encoding="utf-8")) in range(200)
    assert list(tmp_path.iterdir()) == [file]

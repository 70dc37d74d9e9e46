"""Stamps: what they record, and which part is reported as changed."""

import json
from pathlib import Path

import pytest

from devkit.core import stamps


def test_the_first_part_that_differs_is_the_changed_one(tmp_path: Path) -> None:
    stamp = tmp_path / ".stamp"
    stamps.write(stamp, {"path": "/a", "lock": "1", "projects": "2"})
    assert stamps.changed_part(stamp, {"path": "/a", "lock": "1", "projects": "2"}) is None
    assert stamps.changed_part(stamp, {"path": "/a", "lock": "9", "projects": "9"}) == "lock"
    assert stamps.changed_part(stamp, {"path": "/a", "python": "3.11"}) == "python"


@pytest.mark.parametrize(
    "text", [None, "", "{", "null", "[]", "{}", '"text"', "1f2e /checkout/.venv-tools\n"]
)
def test_a_stamp_that_cannot_be_read_is_missing(tmp_path: Path, text: str | None) -> None:
    stamp = tmp_path / ".stamp"
    if text is not None:
        stamp.write_text(text, encoding="utf-8")
    assert stamps.read(stamp) == {}
    assert stamps.changed_part(stamp, {"lock": "1"}) == stamps.MISSING


def test_a_stamp_is_a_json_object(tmp_path: Path) -> None:
    stamps.write(tmp_path / ".stamp", {"lock": "1"})
    assert json.loads((tmp_path / ".stamp").read_text(encoding="utf-8")) == {"lock": "1"}


def test_digest_depends_on_contents_and_order_and_on_whether_a_file_exists(tmp_path: Path) -> None:
    tea, milk = tmp_path / "tea", tmp_path / "milk"
    tea.write_bytes(b"\xff tea")
    before = stamps.digest([tea, milk])
    assert stamps.digest([tea, milk]) == before
    assert len(before) == 64
    milk.write_bytes(b"")
    assert stamps.digest([tea, milk]) != before
    milk.write_bytes(b"milk")
    assert stamps.digest([tea, milk]) != stamps.digest([milk, tea])

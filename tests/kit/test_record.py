"""The record of an adoption."""

from pathlib import Path

from devkit.core import toml
from devkit.kit import record
from devkit.kit.record import Record


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "devkit").mkdir()
    assert record.read(tmp_path) is None
    kept = Record(
        "0.3.0", "abc", "def", original="# a 'registry'\r\nload_from: []", hooks="theirs",
        derives=("cloud",), answers={"python": "3.12"}, files={"tasks.py": "1" * 64},
        appended={"a b/pyproject.toml": '\n[tool.dagteam]\nslug = "x"\n'},
    )  # fmt: skip
    record.write(kept, tmp_path)
    assert record.read(tmp_path) == kept


def test_what_a_later_kit_has_added_to_a_record_is_left_out() -> None:
    document = toml.parse('version = "9"\nlater = 1\n[files]\n', Path("adopted.toml"))
    assert record.parse(document) == Record("9")


def test_edited_files_are_those_that_differ_but_settings(tmp_path: Path) -> None:
    names = ("tasks.py", "devkit/gone.py", "devkit/same.py", "devkit/orchestrator/dagster.yaml")
    kept = Record("1", files={name: record.digest(b"as written") for name in names})
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"as written" if "same" in name else b"changed")
    (tmp_path / "devkit/gone.py").unlink()
    assert kept.edited(tmp_path) == ["tasks.py", "devkit/gone.py"]


def test_a_repository_that_was_not_adopted_wants_every_generated_file() -> None:
    assert record.read() is None
    assert record.wants("cloud")

"""Generated files in an adopted repository: only those that it was told to have."""

from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.generated import files, take_over
from devkit.kit import record
from devkit.kit.record import Record

TEXT = "# Generated from workspace.yaml by `invoke derive`.\nlocations: []\n"
OURS = "locations: [ours]\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "devkit/deploy").mkdir(parents=True)
    (tmp_path / "devkit/deploy/Dockerfile").write_text("FROM x\n", encoding="utf-8")
    record.write(Record("1"), tmp_path)
    monkeypatch.setattr(take_over, "ROOT", tmp_path)
    monkeypatch.setattr(take_over, "DEPLOY", tmp_path / "devkit/deploy")
    generators = {
        "cloud": lambda _: {tmp_path / "dagster_cloud.yaml": TEXT},
        "compose": lambda _: {tmp_path / "deploy/compose.yaml": TEXT},
    }
    monkeypatch.setattr(files, "GENERATORS", generators)
    return tmp_path


def test_what_was_there_is_kept_in_the_record(root: Path) -> None:
    (root / "dagster_cloud.yaml").write_text(OURS, encoding="utf-8")
    (told,) = take_over.take_over((), ["cloud"])
    assert told.startswith("dagster_cloud.yaml: generated from now on")
    assert (root / "dagster_cloud.yaml").read_text(encoding="utf-8") == TEXT
    kept = record.read(root)
    assert kept
    assert (kept.derives, kept.replaced) == (("cloud",), {"dagster_cloud.yaml": OURS})
    assert take_over.take_over((), ["cloud"]) == []
    assert record.read(root) == kept


def test_images_get_what_they_are_built_from(root: Path) -> None:
    (told,) = take_over.take_over((), ["compose"])
    assert told == "deploy/Dockerfile: copied from devkit/deploy/, and yours to change"
    kept = record.read(root)
    assert kept
    assert set(kept.written) == {"deploy/Dockerfile"}
    assert kept.generated == ("deploy/compose.yaml",)


def test_only_known_groups_and_only_in_an_adopted_repository(root: Path) -> None:
    with pytest.raises(DevkitError, match="did you mean 'cloud'"):
        take_over.take_over((), ["cluod"])
    (root / record.NAME).unlink()
    with pytest.raises(DevkitError, match="was not adopted"):
        take_over.take_over((), ["cloud"])

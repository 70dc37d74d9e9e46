"""The marked blocks of an adopted repository, after an update of the kit."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.adoption import apply, files, hooks, refresh
from devkit.kit import blocks, record
from testing import adopted
from testing.adopted import Pretended
from testing.repositories import Repository


@pytest.fixture
def shop(tmp_path: Path, isolated_git: None) -> Repository:
    repository = adopted.foreign(tmp_path / "shop")
    repository.write(hooks.CONFIG, "repos:\n- repo: https://x\n  hooks: [id: a]\n")
    repository.commit()
    apply.apply(adopted.plan(repository.root), run=Pretended())
    return repository


def as_by_an_older_kit(root: Path, name: str, lines: list[str]) -> None:
    """Give a file the block of a kit that wrote these lines."""
    text = (root / name).read_text(encoding="utf-8")
    (root / name).write_text(old := blocks.put(text, lines), encoding="utf-8")
    kept = record.read(root)
    assert kept
    block = record.digest((blocks.block_in(old) or "").encode())
    record.write(replace(kept, blocks={**kept.blocks, name: block}), root)


def test_blocks_that_nobody_has_edited_are_rewritten(shop: Repository) -> None:
    before = {name: (shop.root / name).read_text() for name in (".gitignore", hooks.CONFIG)}
    assert refresh.refresh(shop.root) == []
    as_by_an_older_kit(shop.root, ".gitignore", ["/mine/.venv/", ".venv-*/"])
    as_by_an_older_kit(shop.root, hooks.CONFIG, ["- repo: local", "  hooks: []"])
    assert len(refresh.refresh(shop.root)) == 2
    assert (shop.root / hooks.CONFIG).read_text() == before[hooks.CONFIG]
    ignored = (shop.root / ".gitignore").read_text().splitlines()
    assert {"data/", "/mine/.venv/", *files.IGNORED} <= {*ignored}
    assert refresh.refresh(shop.root) == []


def test_what_was_edited_stays_and_is_told(shop: Repository) -> None:
    text = (shop.root / ".gitignore").read_text().replace("/dist/\n", "")
    (shop.root / ".gitignore").write_text(text, encoding="utf-8")
    assert refresh.refresh(shop.root) == [
        ".gitignore: the lines of DagTeam were edited, and stay as they are"
    ]
    assert (shop.root / ".gitignore").read_text() == text


def test_a_repository_without_a_record_has_none(tmp_path: Path) -> None:
    assert refresh.refresh(tmp_path) == []

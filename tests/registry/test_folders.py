"""Which folders and environments an entry of the registry may name."""

from pathlib import Path

import pytest

from devkit.registry.folders import environment_fault, folder_fault


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a team, folders of the kit's, and links."""
    root = tmp_path / "checkout"
    for name in ("tea", "devkit/tea", ".git"):
        (root / name).mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "kit").symlink_to("devkit")
    (root / "top").symlink_to(".")
    (root / "same").symlink_to("tea")
    return root


@pytest.mark.parametrize(
    ("folder", "fault"),
    [
        ("tea", None),
        ("./tea/", None),
        ("same", None),
        (".", None),
        ("tea/../tea", "is not the root or a folder below it"),
        ("/tea", "is not the root or a folder below it"),
        ("milk", "does not exist"),
        ("out", "leads out of the repository"),
        ("top", None),
        ("devkit/tea", "is the kit's own"),
        ("kit", "is the kit's own"),
        (".git", "is the kit's own"),
    ],
)
def test_a_team_s_folder_is_its_own(root: Path, folder: str, fault: str | None) -> None:
    found = folder_fault(root, root, folder)
    assert (fault is None and found is None) or (fault or "") in (found or "")
    assert (found is None) == (fault is None)


def test_an_export_may_link_to_the_work_tree_but_nowhere_else(root: Path, tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    (export / "tea").symlink_to(root / "tea")
    (export / "kit").symlink_to(root / "devkit")
    (export / "out").symlink_to(tmp_path / "outside")
    assert folder_fault(export, root, "tea") is None
    assert "leads out" in (folder_fault(export, export, "tea") or "")
    assert "the kit's own" in (folder_fault(export, root, "kit") or "")
    assert "leads out" in (folder_fault(export, root, "out") or "")


@pytest.mark.parametrize(
    ("python", "fault"),
    [
        ("tea/.venv-tea/bin/python", None),
        (".venv-tea/bin/python", None),
        ("tea/venv/bin/python", "does not end in"),
        ("python", "does not end in"),
        ("/tea/.venv-tea/bin/python", "is not below the root"),
        ("~/.venv-tea/bin/python", "is not below the root"),
        ("tea/../.venv-tea/bin/python", "is not below the root"),
        (".venv-tools/bin/python", "is the kit's own"),
        (".venv-dagit/bin/python", "is the kit's own"),
        ("milk/.venv-milk/bin/python", "the project's folder in executable_path does not exist"),
        ("devkit/.venv-x/bin/python", "the project's folder in executable_path is the kit's own"),
    ],
)
def test_a_team_s_environment_is_its_own(root: Path, python: str, fault: str | None) -> None:
    found = environment_fault(root, root, python)
    assert (found is None) == (fault is None)
    assert (fault or "") in (found or "")

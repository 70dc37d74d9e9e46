"""What the kit consists of, and where an adopted repository has it."""

from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.kit import contents


@pytest.mark.parametrize(
    ("name", "shipped"),
    [
        ("tasks.py", "tasks.py"),
        ("devkit/core/git.py", "devkit/core/git.py"),
        ("orchestrator/dagster.yaml", "devkit/orchestrator/dagster.yaml"),
        ("docs/contracts.md", "devkit/docs/contracts.md"),
        ("docs/pictures/dev.svg", None),
        ("docs/lineage.md", None),
        ("devkit/adopted.toml", None),
        ("tests/test_cli.py", None),
        ("pyproject.toml", None),
        ("README.md", None),
        ("ml_project/pyproject.toml", None),
    ],
)
def test_everything_is_in_the_one_folder_but_tasks_py(name: str, shipped: str | None) -> None:
    assert contents.shipped_as(name) == shipped


def test_the_kit_of_this_repository() -> None:
    source = contents.of_folder(ROOT)
    assert {name for name in source.files if not name.startswith("devkit/")} == {
        "tasks.py",
        contents.WORKFLOW,
    }
    assert source.files["devkit/orchestrator/pyproject.toml"] == "orchestrator/pyproject.toml"
    assert "devkit/deploy/Dockerfile" in source.files
    assert "devkit/deploy/compose.yaml" not in source.files  # generated from the registry
    assert source.content("devkit/.ruff.toml") == b"".join(
        (ROOT / "devkit/kit/templates/ruff.toml").read_bytes().splitlines(keepends=True)
    )
    assert source.content("no such file") is None
    assert not any("__pycache__" in name for name in source.files)


def test_a_copy_without_git_is_a_source_and_an_empty_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(DevkitError, match="there is no kit in"):
        contents.of_folder(tmp_path)
    (tmp_path / "devkit/__pycache__").mkdir(parents=True)
    (tmp_path / "devkit/__pycache__/a.pyc").touch()
    (tmp_path / "devkit/pyproject.toml").write_text('[project]\nname="dagteam"\nversion="9"\n')
    (tmp_path / "tasks.py").touch()
    source = contents.of_folder(tmp_path)
    assert (source.version, source.commit) == ("9", "")
    assert set(source.files) == {"tasks.py", "devkit/pyproject.toml"}

"""Linters that would look at the kit's files."""

from pathlib import Path

from devkit.adoption import linters


def test_those_that_are_configured_are_named(tmp_path: Path) -> None:
    assert linters.that_see_everything(tmp_path) == []
    (tmp_path / ".flake8").touch()
    (tmp_path / "pyproject.toml").write_text(
        "[tool.black]\n[tool.mypy.x]\n[tool.ruff]\n", encoding="utf-8"
    )
    (tmp_path / "setup.cfg").write_text("[metadata]\n[isort]\n", encoding="utf-8")
    assert linters.that_see_everything(tmp_path) == ["black", "flake8", "isort", "mypy"]

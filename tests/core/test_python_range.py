"""Which Pythons a project may have."""

from pathlib import Path

import pytest

from devkit.core import python_range, pythons


@pytest.mark.parametrize(
    ("requires", "wanted", "oldest", "deployed"),
    [
        ("", ">=3.11", "3.11", "3.13"),
        (">=3.11,<3.15", ">=3.11,<3.15", "3.11", "3.13"),
        (">=3.8", ">=3.8,>=3.11", "3.11", "3.13"),
        ("<4", "<4,>=3.11", "3.11", "3.13"),
        (">=3.12,<3.13", ">=3.12,<3.13", "3.12", "3.12"),
        ("~=3.12.1", "~=3.12.1", "3.12.1", "3.12"),
        ("==3.14.*", "==3.14.*", "3.14", "3.14"),
        (">=3.9,<3.13", ">=3.9,<3.13,>=3.11", "3.11", "3.12"),
        (">=3.8,<3.11", ">=3.8,<3.11,>=3.9", "3.9", "3.10"),
        ("<3.11", "<3.11,>=3.9", "3.9", "3.10"),
        ("==3.9.18", "==3.9.18", "3.9.18", "3.9"),
    ],
)
def test_older_pythons_than_the_kit_s_are_for_projects_that_allow_no_other(
    tmp_path: Path, requires: str, wanted: str, oldest: str, deployed: str
) -> None:
    assert python_range.wanted(requires, tmp_path) == wanted
    assert python_range.oldest(requires, tmp_path) == oldest
    assert python_range.nearest(requires, tmp_path) == deployed


def test_a_python_version_file_chooses_among_those_that_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "workspace.yaml").touch()
    (tmp_path / ".python-version").write_text("3.12.4\n", encoding="utf-8")
    for name, text in {"old": "# pyenv\n3.9.18\n", "other": "pypy3.10\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / ".python-version").write_text(text, encoding="utf-8")

    def oldest(requires: str, folder: str) -> str:
        return python_range.oldest(requires, tmp_path / folder)

    assert oldest(">=3.8", "team/project") == "3.12"
    assert oldest(">=3.8", "old") == "3.9"
    assert oldest(">=3.8", "other") == "3.11"
    assert oldest("<3.12", "team") == "3.11"  # the project decides
    assert python_range.nearest(">=3.8", tmp_path / "old") == "3.9"


def test_a_file_outside_of_the_repository_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("3.12\n", encoding="utf-8")
    (tmp_path / "checkout/team").mkdir(parents=True)
    (tmp_path / "checkout/workspace.yaml").touch()
    assert python_range.oldest("", tmp_path / "checkout/team") == pythons.OLDEST

"""Reading pyproject.toml files: what they contain, and how faults are reported."""

from pathlib import Path

import pytest

from devkit.core import pyproject, pythons
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT

FULL = """\
[project]
name = "Tea.Pot"
requires-python = ">=3.12,<3.15"
dependencies = ["Dagster_K8s[x]>=0.28 ; sys_platform == 'linux'", "tea @ file:///tea"]
[project.optional-dependencies]
milk = ["oat-milk"]
[dependency-groups]
dev = ["pytest>=8", { include-group = "more" }]
more = ["ruff"]
[tool.uv]
sources = { tea = { path = "../tea" } }
"""


def project(folder: Path, text: str | bytes) -> pyproject.Pyproject:
    """The project in a folder whose pyproject.toml has this text."""
    file = folder / "pyproject.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return pyproject.read(folder)


def test_a_projects_fields_are_read(tmp_path: Path) -> None:
    found = project(tmp_path, FULL)
    assert found.file == tmp_path / "pyproject.toml"
    assert found.name == "tea-pot"
    assert found.requires_python == ">=3.12,<3.15"
    assert found.direct_dependencies == {"dagster-k8s", "tea", "oat-milk", "pytest", "ruff"}
    assert found.groups.keys() == {"dev", "more"}
    assert found.tool("uv") == {"sources": {"tea": {"path": "../tea"}}}
    assert found.tool("dagteam") == {}


def test_missing_tables_are_empty(tmp_path: Path) -> None:
    found = project(tmp_path, "")
    assert (found.project, found.groups, found.tool("uv")) == ({}, {}, {})
    assert (found.requires_python, found.direct_dependencies) == ("", set())


@pytest.mark.parametrize(
    ("specifier", "oldest"),
    [
        ("", pythons.OLDEST),
        (">=3.8", pythons.OLDEST),
        (">=3.12,<3.14", "3.12"),
        ("==3.12.*", "3.12"),
        ("~=3.12.1", "3.12.1"),
        ("<4", pythons.OLDEST),
    ],
)
def test_the_oldest_python_is_at_least_the_oldest_supported_one(
    tmp_path: Path, specifier: str, oldest: str
) -> None:
    found = project(tmp_path, f"[project]\nname = 'tea'\nrequires-python = '{specifier}'\n")
    assert found.oldest_python == oldest


def refusal(folder: Path, text: str | bytes) -> DevkitError:
    """The error for a pyproject.toml that can't be read."""
    with pytest.raises(DevkitError) as raised:
        project(folder, text)
    return raised.value


def test_invalid_toml_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, "[project]\nname = 'tea'\nversion = =\n")
    assert error.what.startswith(f"{tmp_path}/pyproject.toml: invalid TOML: ")
    assert "line 3" in error.what
    assert error.fix == f"edit {tmp_path}/pyproject.toml"


def test_a_file_that_is_not_utf_8_is_an_error_with_its_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, b"[project]\nname = '\xe9'\n")
    assert error.what == f"{tmp_path}/pyproject.toml, line 2: not valid UTF-8"


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    assert project(tmp_path, b"\xef\xbb\xbf[project]\r\nname = 'tea'\r\n").name == "tea"


def test_a_missing_file_is_an_error_that_names_it_relative_to_the_root() -> None:
    with pytest.raises(DevkitError) as raised:
        pyproject.read(ROOT / "no_project")
    assert raised.value.what == "no_project/pyproject.toml not found"


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(DevkitError, match="can't be used: Is a directory"):
        pyproject.read(tmp_path)


def test_a_project_without_a_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DevkitError, match="has no project name") as raised:
        project(tmp_path, "[project]\nversion = '1'\n").name  # noqa: B018 (it raises)
    assert raised.value.fix == f"edit {tmp_path}/pyproject.toml"


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("project = 1", 1, "project"),
        ("\ntool = []", 2, "tool"),
        ("dependency-groups = 'x'", 1, "dependency-groups"),
        ("[dependency-groups]\ndev = 'pytest'", 1, "dependency-groups"),
        ("[[project]]\nname = 'tea'", 1, "project"),
        ("[project]\nname = 1", 2, "project.name"),
        ("[project]\n\ndependencies = 'tea'", 3, "project.dependencies"),
        ("[project]\n[project.dependencies]\ntea = '1'", 2, "project.dependencies"),
        ("[project]\ndependencies = [1]", 2, "project.dependencies"),
        ("[project]\noptional-dependencies = ['x']", 2, "project.optional-dependencies"),
        ("[tool.uv]\nsources = []", 2, "tool.uv.sources"),
        ("[tool]\ndagteam = 'x'", 2, "tool.dagteam"),
        *(
            (f"[project]\nrequires-python = {value}", 2, "project.requires-python")
            for value in ("'3.11'", "'>=three'", "3.11", "[]")
        ),
    ],
)
def test_a_field_of_the_wrong_type_is_an_error_with_its_line(
    tmp_path: Path, text: str, line: int, field: str
) -> None:
    error = refusal(tmp_path, text)
    assert error.what.startswith(f"{tmp_path}/pyproject.toml, line {line}: {field} is not ")


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("dagster", "dagster"),
        ("Dagster_K8s", "dagster-k8s"),
        ("dagster<1.13", "dagster"),
        ("pandas[excel]>=2 ; python_version < '3.12'", "pandas"),
        ("Tea.Pot @ https://example.org/tea.whl", "tea-pot"),
        ("tea ~> 1.0", "tea"),
        ("~weird", "~weird"),
    ],
)
def test_package_name_is_normalized_from_any_requirement(requirement: str, name: str) -> None:
    assert pyproject.package_name(requirement) == name

"""The registry: what it holds, what it refuses and how, and how teams are named."""

from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.registry.workspace import load_teams, select

GOOD = """\
load_from:
  - python_module:
      location_name: tea_project
      module_name: tea_project.definitions
      working_directory: tea
      executable_path: tea/.venv-tea/bin/python
  - python_module:
      location_name: milk
      module_name: milk_code
      working_directory: milk
      executable_path: milk/.venv-milk/bin/python
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with the rooms of two teams."""
    (tmp_path / "tea").mkdir()
    (tmp_path / "milk").mkdir()
    return tmp_path


def refusal(root: Path, text: str | bytes) -> str:
    """What is said about a registry with this text."""
    (root / "workspace.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DevkitError) as raised:
        load_teams(root)
    return str(raised.value.message)


def test_an_entry_becomes_a_team_with_absolute_paths(root: Path) -> None:
    (root / "workspace.yaml").write_text(GOOD)
    tea, milk = load_teams(root)
    assert (tea.name, tea.location, tea.line) == ("tea", "tea_project", 2)
    assert (tea.package, tea.tests) == ("tea_project", root / "tea/tea_project_tests")
    assert tea.directory == root / "tea"
    assert tea.python == root / "tea/.venv-tea/bin/python"
    assert tea.environment == root / "tea/.venv-tea"
    assert (milk.name, milk.package) == ("milk", "milk_code")


def test_an_interpreter_that_is_a_link_stays_the_link(root: Path) -> None:
    python = root / "tea/.venv-tea/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/true")
    (root / "workspace.yaml").write_text(GOOD)
    assert load_teams(root)[0].python == python


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "      module_name: milk_code\n",
            "",
            "workspace.yaml, line 7: entry 2 (milk) lacks module_name",
        ),
        (
            "module_name: milk_code",
            "module_name:",
            "workspace.yaml, line 9: entry 2 (milk) lacks module_name",
        ),
        ("      location_name: milk\n", "", "line 7: entry 2 (no name) lacks location_name"),
        (
            "working_directory: milk",
            "working_directory: cellar",
            "line 10: entry 2 (milk) names a folder that is not there: cellar",
        ),
        (
            "location_name: milk",
            "location_name: tea_project",
            "line 7: entry 2 (tea_project) the location is in line 2 already",
        ),
        (
            "location_name: milk",
            "location_name: tea",
            "line 7: entry 2 (tea) the short name 'tea' is that of tea_project (line 2) too",
        ),
        (
            "milk/.venv-milk",
            "tea/.venv-tea",
            "line 7: entry 2 (milk) the environment is that of tea_project (line 2) too",
        ),
        (
            "milk/.venv-milk/bin/python",
            "/usr/bin/python3",
            "line 11: entry 2 (milk) has an executable_path that does not end in "
            ".venv-<team>/bin/python: /usr/bin/python3",
        ),
        (
            "location_name: milk",
            "location_name: milk & co",
            "line 8: entry 2 (milk & co) has a location_name that is not one word",
        ),
        (
            "      module_name: milk_code",
            "      attribute: defs\n      module_name: milk_code",
            "line 9: entry 2 (milk) has the field 'attribute', which is not known here",
        ),
    ],
    ids=lambda value: value.strip()[:40] if isinstance(value, str) else None,
)
def test_a_fault_is_told_with_its_entry_and_line(root: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    head, _, tail = GOOD.rpartition(old)
    assert said in refusal(root, head + new + tail)


def test_another_kind_of_location_is_refused_since_it_has_no_environment(root: Path) -> None:
    text = "load_from:\n  - python_file: defs.py\n  - just text\n"
    said = refusal(root, text)
    assert "line 2: entry 1 (no name) is no python_module" in said
    assert "line 3: entry 2 (no name) is no python_module" in said


def test_every_fault_is_told_not_the_first(root: Path) -> None:
    text = GOOD.replace("tea_project.definitions", "").replace("directory: milk", "directory: no")
    said = refusal(root, text + "  - grpc_server:\n      port: 4000\n")
    assert "line 4: entry 1 (tea_project) lacks module_name" in said
    assert "line 10: entry 2 (milk) names a folder" in said
    assert "line 12: entry 3 (no name) is no python_module" in said
    assert "to mend:  edit workspace.yaml" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("load_from:\n  - [\n", "workspace.yaml, line 3: no valid YAML"),
        ("load_from:\n\t- x\n", "workspace.yaml, line 2: no valid YAML"),
        ("load_from: all of them\n", "workspace.yaml lists no teams"),
        ("", "workspace.yaml lists no teams"),
        (b"load_from: \xff\n", "workspace.yaml is no text"),
        (b"load_from: \x00\n", "workspace.yaml is no text"),
    ],
)
def test_a_file_that_is_no_registry_is_told_in_a_sentence(
    root: Path, text: str | bytes, said: str
) -> None:
    assert refusal(root, text).startswith(said)


def test_a_registry_that_is_not_there_says_where_it_belongs(root: Path) -> None:
    with pytest.raises(DevkitError, match=r"workspace.yaml is not there") as raised:
        load_teams(root)
    assert str(root / "workspace.yaml") in str(raised.value.message)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], ["tea", "milk"]),
        (["tea"], ["tea"]),
        (["tea_project"], ["tea"]),
        (["milk,tea"], ["tea", "milk"]),
        (["milk", "tea"], ["tea", "milk"]),
        (["tea, tea_project", "tea"], ["tea"]),
    ],
)
def test_teams_are_chosen_by_name_or_location_and_come_in_the_registrys_order(
    root: Path, asked: list[str], found: list[str]
) -> None:
    (root / "workspace.yaml").write_text(GOOD)
    assert [team.name for team in select(load_teams(root), asked)] == found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("mlik", "there is no team 'mlik'; did you mean 'milk'?"),
        ("tea_projekt", "there is no team 'tea_projekt'; did you mean 'tea_project'?"),
        ("milk,coffee", "there is no team 'coffee'\n"),
    ],
)
def test_a_name_that_is_not_there_gets_the_nearest_that_is(
    root: Path, asked: str, said: str
) -> None:
    (root / "workspace.yaml").write_text(GOOD)
    with pytest.raises(DevkitError) as raised:
        select(load_teams(root), [asked])
    assert said in str(raised.value.message)
    assert "tea, milk" in str(raised.value.message)


def test_this_repositorys_registry_is_sound() -> None:
    teams = load_teams(ROOT)
    assert {"analytics", "ml"} <= {team.name for team in teams}
    assert all((team.directory / "pyproject.toml").exists() for team in teams)

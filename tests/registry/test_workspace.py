"""The registry: what is in it, how faults are reported, and how teams are selected."""

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
    """A repository with the folders of two teams."""
    root = tmp_path / "root"
    (root / "tea").mkdir(parents=True)
    (root / "milk").mkdir()
    return root


def refusal(root: Path, text: str | bytes) -> str:
    """The error for a registry with this text."""
    (root / "workspace.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DevkitError) as raised:
        load_teams(root)
    return str(raised.value)


def test_an_entry_becomes_a_team_with_absolute_paths(root: Path) -> None:
    (root / "workspace.yaml").write_text(GOOD, encoding="utf-8")
    tea, milk = load_teams(root)
    assert (tea.name, tea.location, tea.line) == ("tea", "tea_project", 2)
    assert (tea.package, tea.tests) == ("tea_project", (root / "tea/tea_project_tests",))
    assert tea.directory == root / "tea"
    assert tea.python == root / "tea/.venv-tea/bin/python"
    assert tea.environment == root / "tea/.venv-tea"
    assert (milk.name, milk.package) == ("milk", "milk_code")


def test_an_interpreter_that_is_a_link_stays_the_link(root: Path) -> None:
    python = root / "tea/.venv-tea/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/true")
    (root / "workspace.yaml").write_text(GOOD, encoding="utf-8")
    assert load_teams(root)[0].python == python


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        ((), "tea/tea_project"),  # it fails when it is loaded, by itself
        (("tea/tea_project/__init__.py",), "tea/tea_project"),
        (("tea/src/tea_project/__init__.py",), "tea/src/tea_project"),
        (("tea/src/other/__init__.py", "tea/tea_project/a.py"), "tea/tea_project"),
        (("tea/src/tea_project/a.py", "tea/tea_project/a.py"), "tea/tea_project"),
        (
            ("tea/src/tea_project/a.py", "tea/tea_project/__pycache__/a.cpython-311.pyc"),
            "tea/src/tea_project",
        ),
    ],
)
def test_the_package_is_in_the_projects_folder_or_below_src(
    root: Path, files: tuple[str, ...], folder: str
) -> None:
    (root / "workspace.yaml").write_text(GOOD, encoding="utf-8")
    for file in files:
        (root / file).parent.mkdir(parents=True)
        (root / file).touch()
    assert load_teams(root)[0].sources == (root / folder,)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "      module_name: milk_code\n",
            "",
            "workspace.yaml, line 7: entry 2 (milk) is missing module_name",
        ),
        (
            "module_name: milk_code",
            "module_name:",
            "workspace.yaml, line 9: entry 2 (milk) is missing module_name",
        ),
        (
            "location_name: milk",
            "location_name: [milk]",
            "line 8: entry 2 (milk_code) has a location_name that is no text",
        ),
        (
            "working_directory: milk",
            "working_directory: cellar",
            "line 10: entry 2 (milk) working_directory does not exist: cellar",
        ),
        (
            "location_name: milk",
            "location_name: tea_project",
            "line 7: entry 2 (tea_project) duplicate location_name (first on line 2)",
        ),
        (
            "location_name: milk",
            "location_name: tea",
            "line 7: entry 2 (tea) short name 'tea' already used by tea_project (line 2)",
        ),
        (
            "milk/.venv-milk/bin/python",
            "/usr/bin/python3",
            "line 11: entry 2 (milk) executable_path does not end in "
            ".venv-<team>/bin/python: /usr/bin/python3",
        ),
        (
            "milk/.venv-milk",
            "../milk/.venv-milk",
            "line 11: entry 2 (milk) executable_path is not below the root: ../milk/",
        ),
        (
            "milk/.venv-milk",
            "/venvs/.venv-milk",
            "line 11: entry 2 (milk) executable_path is not below the root: /venvs/",
        ),
        (
            "milk/.venv-milk",
            "~/.venv-milk",
            "line 11: entry 2 (milk) executable_path is not below the root: ~/",
        ),
        (
            "milk/.venv-milk",
            "./.venv-tools",
            "line 11: entry 2 (milk) executable_path is the kit's own: ./.venv-tools/bin/python",
        ),
        (
            "milk/.venv-milk",
            ".venv-dagit",
            "line 11: entry 2 (milk) executable_path is the kit's own: .venv-dagit/bin/python",
        ),
        (
            "location_name: milk",
            "location_name: '&'",
            "line 7: entry 2 (&) needs a `slug` in [tool.dagteam] of its project",
        ),
        (
            "      module_name: milk_code",
            "      image: milk\n      module_name: milk_code",
            "line 9: entry 2 (milk) has an unknown field 'image'",
        ),
        (
            "python_module:\n      location_name: milk\n      module_name: milk_code",
            "python_file:\n      location_name: milk\n      relative_path: ../milk.py",
            "line 9: entry 2 (milk) relative_path leads out of the repository: ../milk.py",
        ),
        (
            "python_module:\n      location_name: milk\n      module_name: milk_code",
            "python_file:\n      location_name: milk\n      relative_path: milk.py",
            "line 9: entry 2 (milk) relative_path does not exist: milk.py",
        ),
    ],
    ids=lambda value: value.strip()[:40] if isinstance(value, str) else None,
)
def test_a_fault_is_reported_with_its_entry_and_line(
    root: Path, old: str, new: str, fault: str
) -> None:
    assert old in GOOD
    head, _, tail = GOOD.rpartition(old)
    assert fault in refusal(root, head + new + tail)


@pytest.mark.parametrize(
    ("folder", "fault"),
    [
        ("tea/../milk", "is not the root or a folder below it, such as `team_project`"),
        ("../outside", "is not the root or a folder below it"),
        ("{root}/milk", "is not the root or a folder below it"),
        ("out", "leads out of the repository: out is a link to"),
        ("milk/out", "leads out of the repository"),
        ("devkit", "is the kit's own: devkit"),
        ("devkit/programs", "is the kit's own: devkit/programs"),
        ("kit", "is the kit's own: devkit"),
        ("utils", "is the kit's own: utils"),
        ("orchestrator", "is the kit's own: orchestrator"),
        ("dist/milk", "is the kit's own: dist/milk"),
        (".git", "is the kit's own: .git"),
    ],
)
def test_a_folder_of_the_kits_or_outside_is_refused(root: Path, folder: str, fault: str) -> None:
    for name in ("devkit/programs", "utils", "orchestrator", "dist/milk", ".git", "../outside"):
        (root / name).mkdir(parents=True)
    mark = "[tool.dagteam]\nshared = true\n"
    (root / "utils/pyproject.toml").write_text(mark, encoding="utf-8")
    links = {"out": "../outside", "kit": "devkit"}
    for name, target in (*links.items(), ("milk/out", "../../outside")):
        (root / name).symlink_to(target)
    text = GOOD.replace("directory: milk", f"directory: {folder.format(root=root)}")
    assert fault in refusal(root, text)


def test_a_folder_is_the_same_however_it_is_written(root: Path) -> None:
    (root / "teams").symlink_to("tea")
    (root / "tea/milk").mkdir()
    text = GOOD.replace("directory: milk", "directory: ./teams//milk/")
    text = text.replace("executable_path: milk/", "executable_path: ./teams//milk/")
    (root / "workspace.yaml").write_text(text, encoding="utf-8")
    milk = load_teams(root)[1]
    assert (milk.folder_below(root), milk.directory) == ("teams/milk", root / "teams/milk")


def test_what_is_no_location_is_refused_and_one_without_an_environment(root: Path) -> None:
    text = "load_from:\n  - python_file: defs.py\n  - just text\n  - ecs: x\n"
    message = refusal(root, text)
    assert "line 2: entry 1 (defs.py) is missing executable_path" in message
    reason = "is no code location: none of python_module, python_package, python_file"
    assert f"line 3: entry 2 (no name) {reason}" in message
    assert f"line 4: entry 3 (no name) {reason}" in message


def test_all_faults_are_reported(root: Path) -> None:
    text = GOOD.replace("tea_project.definitions", "").replace("directory: milk", "directory: no")
    message = refusal(root, text + "  - far:\n      port: 4000\n")
    assert "line 4: entry 1 (tea_project) is missing module_name" in message
    assert "line 10: entry 2 (milk) working_directory does not exist: no" in message
    assert "line 12: entry 3 (no name) is no code location" in message
    assert "  fix:      edit workspace.yaml" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("load_from:\n  - [\n", "workspace.yaml, line 3: invalid YAML"),
        ("load_from:\n\t- x\n", "workspace.yaml, line 2: invalid YAML"),
        ("load_from: all of them\n", "workspace.yaml lists no teams"),
        ("", "workspace.yaml lists no teams"),
        (b"load_from: \xff\n", "workspace.yaml is not valid UTF-8"),
        (b"load_from: \x00\n", "workspace.yaml is not valid UTF-8"),
    ],
)
def test_a_file_that_is_not_a_registry_is_an_error(
    root: Path, text: str | bytes, message: str
) -> None:
    assert refusal(root, text).startswith(message)


def test_a_missing_registry_is_an_error_that_says_where_it_belongs(root: Path) -> None:
    with pytest.raises(DevkitError, match=r"^workspace\.yaml not found\n") as raised:
        load_teams(root)
    assert str(root / "workspace.yaml") in str(raised.value)


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
    (root / "workspace.yaml").write_text(GOOD, encoding="utf-8")
    assert [team.name for team in select(load_teams(root), asked)] == found


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("mlik", "unknown team 'mlik'; did you mean 'milk'?"),
        ("tea_projekt", "unknown team 'tea_projekt'; did you mean 'tea_project'?"),
        ("milk,coffee", "unknown team 'coffee'\n"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_closest_name(
    root: Path, asked: str, message: str
) -> None:
    (root / "workspace.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(DevkitError) as raised:
        select(load_teams(root), [asked])
    assert message in str(raised.value)
    assert "tea, milk" in str(raised.value)


def test_the_registry_of_this_repository_is_valid() -> None:
    teams = load_teams(ROOT)
    assert {"analytics", "ml"} <= {team.name for team in teams}
    assert all((team.directory / "pyproject.toml").exists() for team in teams)

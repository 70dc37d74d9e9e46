"""VS Code's files: each team has its own interpreter, tests and tasks."""

import json
from pathlib import Path
from typing import Any

from devkit.core.paths import ROOT, TOOLS
from devkit.generated import editors
from devkit.registry.team import Team
from testing.support import Checkout, run
from tests.generated.test_files import WRITE

NEW = """  - python_module:
      location_name: sales_project
      module_name: sales_project.definitions
      working_directory: sales_project
      executable_path: sales_project/.venv-sales/bin/python
"""


def read(file: Path) -> Any:
    """A generated file without its header."""
    header, _, text = file.read_text(encoding="utf-8").partition("\n")
    assert header.startswith("// Generated from workspace.yaml")
    return json.loads(text)


def resolved(text: str, folder: Path) -> Path:
    """A setting's path; does not follow an interpreter, which is a link."""
    return Path(text.replace("${workspaceFolder}", str(folder))).parent.resolve() / Path(text).name


def test_each_folder_of_the_workspace_has_its_own_interpreter_and_tests(
    teams: dict[str, Team],
) -> None:
    folders = [folder["path"] for folder in read(ROOT / editors.WORKSPACE)["folders"]]
    settings = {path: read(ROOT / path / ".vscode/settings.json") for path in folders}
    tools = (TOOLS / "bin").resolve()  # where tests run, the tools are linked
    interpreters = {
        path: resolved(value["python.defaultInterpreterPath"], ROOT / path)
        for path, value in settings.items()
    }

    assert folders == [".", *(team.directory.name for team in teams.values()), "utils"]
    assert interpreters.pop("utils") in {team.python for team in teams.values()}
    assert interpreters == {
        ".": tools / "python",
        **{team.directory.name: team.python for team in teams.values()},
    }
    for path, value in settings.items():
        assert value["python.testing.pytestEnabled"]
        assert all((ROOT / path / tests).is_dir() for tests in value["python.testing.pytestArgs"])
        assert resolved(value["ruff.path"][0], ROOT / path) == tools / "ruff"


def test_a_teams_tests_are_debugged_in_its_own_environment(teams: dict[str, Team]) -> None:
    configurations = {
        each["name"]: each for each in read(ROOT / ".vscode/launch.json")["configurations"]
    }
    for team in teams.values():
        found = configurations[f"tests of {team.name}"]
        assert resolved(found["python"], ROOT) == team.python
        assert resolved(found["cwd"], ROOT) == team.directory
        assert resolved(found["envFile"], ROOT) == team.env_file
        assert found["args"] == [path.name for path in team.tests]


def test_every_task_is_a_command() -> None:
    listed = run([TOOLS / "bin/invoke", "--list", "--list-format", "json"], ROOT)
    commands = {task["name"] for task in json.loads(listed.stdout)["tasks"]}
    assert {*editors.COMMANDS, *editors.TEAM_COMMANDS} <= commands


def test_a_new_team_is_in_every_file(light_checkout: Checkout) -> None:
    root = light_checkout.root
    (root / "sales_project").mkdir()
    with (root / "workspace.yaml").open("a") as registry:
        registry.write(NEW)
    done = light_checkout.devkit(WRITE)

    assert {line.removeprefix("wrote ") for line in done.stdout.splitlines()} >= {
        editors.WORKSPACE,
        ".vscode/settings.json",
        ".vscode/tasks.json",
        ".vscode/launch.json",
        "sales_project/.vscode/settings.json",
    }, done.stderr
    assert {"path": "sales_project"} in read(root / editors.WORKSPACE)["folders"]
    assert "sales" in read(root / ".vscode/tasks.json")["inputs"][0]["options"]
    names = [each["name"] for each in read(root / ".vscode/launch.json")["configurations"]]
    assert "tests of sales" in names
    settings = read(root / "sales_project/.vscode/settings.json")
    assert settings["python.defaultInterpreterPath"].endswith("/.venv-sales/bin/python")


def test_the_first_of_two_teams_in_one_folder_counts(teams: dict[str, Team]) -> None:
    ml = teams["ml"]
    other = Team("ml_too", "ml_too.definitions", ml.directory, ml.directory / ".venv-b/bin/x", 0)
    text = editors.files([ml, other])[ml.directory / ".vscode/settings.json"]
    assert str(ml.python.relative_to(ml.directory)) in text
    assert ".venv-b" not in text

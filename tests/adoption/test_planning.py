"""Plans for repositories in the shapes that public ones have: `testing/foreign.py` writes them."""

from pathlib import Path

import pytest

from devkit.adoption import planning
from devkit.adoption.model import Plan, PlannedTeam
from devkit.adoption.questions import Answers
from devkit.core import toml
from devkit.core.errors import DevkitError
from testing import foreign


def plan_of(root: Path, workspace: str | None = None, **answers: str) -> Plan:
    return planning.plan(root, Answers(answers), workspace)


def team(plan: Plan, slug: str) -> PlannedTeam:
    return next(team for team in plan.teams if team.slug == slug)


def document(text: str | None) -> dict[str, object]:
    assert text is not None
    return toml.parse(text, Path("pyproject.toml"))


def test_packages_of_one_distribution_get_a_project_each_with_what_they_need(
    tmp_path: Path,
) -> None:
    plan = plan_of(foreign.one_distribution(tmp_path))
    north = team(plan, "store_north")
    assert plan.is_ready and plan.registry is None  # edited in place
    assert (north.project, north.project_is_new) == ("teams/store_north", True)
    assert (north.import_root, north.working_directory) == (".", ".")
    assert north.sources == ("store_north",)
    assert north.libraries == ("shared", "vendor/coach_runtime")
    assert north.tests == ("tests/test_store_north.py",) and north.smoke_test is None
    assert north.variables == ("MODEL",)
    assert north.entry == {
        "python_module": {
            "module_name": "store_north",
            "location_name": "store_north",
            "executable_path": "teams/store_north/.venv-store_north/bin/python",
        }
    }
    written = document(north.pyproject)
    assert written["project"] == {
        "name": "store-north",
        "version": "0.1.0",
        "requires-python": ">=3.9",
        "dependencies": ["dagster>=1.8"],
    }
    assert written["dependency-groups"] == {"dev": ["dagster-webserver", "pytest>=8"]}
    assert written["tool"] == {
        "dagteam": {
            "libraries": ["vendor/coach_runtime"],  # `shared` is found by its import
            "tests": ["tests/test_store_north.py"],
        }
    }


def test_projects_of_their_own_stay_as_they_are(tmp_path: Path) -> None:
    plan = plan_of(foreign.source_layout(tmp_path))
    sales, inventory = plan.teams
    assert sales.value == "packages.sales.src.sales"
    assert sales.sources == ("packages/sales/src/sales",)
    assert (sales.project, sales.pyproject) == ("packages/sales", None)
    assert sales.additions == {"tool": {"dagteam": {"inputs": ["data/orders.csv"]}}}
    assert sales.entry["python_package"]["executable_path"] == "packages/sales/.venv/bin/python"
    assert (sales.pins, sales.pins_from) == (("click==8.1.8",), "packages/sales/uv.lock")
    assert sales.tests == ("packages/sales/tests",)
    assert inventory.smoke_test is not None and inventory.requires_python == ">=3.9,<3.13"


def test_setup_py_and_a_folder_in_requirements_below_git_s_top(tmp_path: Path) -> None:
    plan = plan_of(foreign.below_git(tmp_path))
    first = plan.teams[0]
    assert plan.git_prefix == "platform/"
    assert (first.project, first.import_root) == ("location1-dir", "location1-dir")
    assert first.working_directory == "."
    assert document(first.pyproject) == {"tool": {"dagteam": {"libraries": ["shared-dir"]}}}
    assert first.dependencies == ("dagster>=1.8",)
    assert first.dev_dependencies == ("dagster-webserver", "pytest")
    assert first.found["dependencies"] == "location1-dir/setup.py:4"


def test_files_and_attributes_keep_the_names_that_dagster_shows(tmp_path: Path) -> None:
    plan = plan_of(foreign.files_and_attributes(tmp_path))
    sales, finance, marketing = plan.teams
    assert [each.location for each in plan.teams] == [
        "repo.py", "finance-eu", "marketing.definitions",
    ]  # fmt: skip
    assert [each.slug for each in plan.teams] == ["repo_py", "finance_eu", "marketing_definitions"]
    assert sales.entry == {
        "python_file": {
            "relative_path": "sales/repo.py",
            "executable_path": "sales/.venv-repo_py/bin/python",
        }
    }
    assert finance.attribute == "ledger"
    assert sales.dependencies == ("packaging>=21", "dagster>=1.8")
    assert sales.pins == ("click==8.1.8",)
    assert marketing.dev_dependencies == ("pytest>=7",)
    assert any("finance/requirements.txt:2" in note for note in plan.notes)


def test_poetry_s_project_is_kept_if_it_can_be_built(tmp_path: Path) -> None:
    plan = plan_of(foreign.poetry(tmp_path))
    east, west = plan.teams
    assert (east.project, east.project_is_new) == ("eastern_project", False)
    assert east.additions == {"dependency-groups": {"dev": ["pytest-mock<4,>=3.0", "pytest>=8"]}}
    assert east.pins == ("click==8.1.8",)
    assert (west.project, west.libraries) == ("teams/jobs_nightly", ("common",))
    assert west.dependencies == ("dagster<2,>=1.8",) and west.requires_python == "<4,>=3.9"
    assert any("package-mode = false" in note for note in plan.notes)


def test_the_projects_of_a_dg_workspace_become_a_registry(tmp_path: Path) -> None:
    plan = plan_of(foreign.dg_workspace(tmp_path))
    cool = plan.teams[0]
    assert plan.registry is not None and plan.source_file == "dg.toml"
    assert (cool.location, cool.slug) == ("my-cool-project", "my_cool_project")
    assert cool.import_root == "projects/my-cool-project/src"
    assert cool.entry["python_module"]["working_directory"] == "projects/my-cool-project"
    assert cool.additions == {} and cool.tests == ("projects/my-cool-project/tests",)


def test_servers_whose_code_is_here_become_local_and_others_stay(tmp_path: Path) -> None:
    plan = plan_of(foreign.containers(tmp_path))
    etl, reports = plan.teams
    assert (etl.value, etl.import_root, etl.project) == ("pipelines.definitions", "etl", "etl")
    assert etl.requires_python == ">=3.11,<3.12"
    assert etl.found["python"] == "etl/Dockerfile:1"
    assert (reports.location, reports.value) == ("reports of today", "reports/repository.py")
    assert reports.attribute == "reports"
    assert [remote.location for remote in plan.remotes] == ["theirs"]
    assert plan.registry is not None and "their.server.test" in plan.registry
    kept = next(file for file in plan.new_files if file.path == planning.DEPLOYED)
    assert kept.text == (tmp_path / "workspace.yaml").read_text(encoding="utf-8")
    assert any(line.startswith("docker-compose.yml:6 ") for line in plan.replaces)


def test_members_of_a_uv_workspace_keep_their_projects_and_its_pins(tmp_path: Path) -> None:
    plan = plan_of(foreign.uv_workspace(tmp_path))
    orders = plan.teams[0]
    assert (orders.location, orders.project) == ("orders of today", "packages/orders")
    assert orders.libraries == ("libs/core",)
    assert (orders.runs_in, orders.additions) == ("packages/orders", {})
    assert (orders.pins, orders.pins_from) == (("click==8.1.8",), "uv.lock")


def test_packages_of_the_same_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    blue, green = plan_of(foreign.same_package(tmp_path)).teams
    assert (blue.sources, green.sources) == (("blue/code/jobs",), ("green/code/jobs",))
    assert (blue.import_root, blue.project, blue.slug) == ("blue/code", "blue", "blue_team")


def test_what_nothing_declares_is_asked_and_an_answer_is_enough(tmp_path: Path) -> None:
    root = foreign.nothing_declared(tmp_path)
    asked = plan_of(root)
    assert not asked.is_ready
    assert asked.questions[0].choices == ("all", "other", "pipelines")
    answered = plan_of(root, locations="pipelines")
    (pipelines,) = answered.teams
    assert answered.is_ready and answered.answers == {"locations": "pipelines"}
    assert (pipelines.kind, pipelines.value) == ("module", "pipelines.definitions")
    assert pipelines.tests == ("tests",)
    with pytest.raises(DevkitError, match="not one of the choices"):
        plan_of(root, locations="pipeline")


def test_an_empty_folder_becomes_a_platform_with_no_team(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert plan.is_new_platform and plan.is_ready
    assert plan.registry is not None and plan.registry.endswith("load_from: []\n")
    project = next(file for file in plan.new_files if file.path == "utils/pyproject.toml")
    assert "shared = true" in project.text
    assert any(file.path == "utils/utils/__init__.py" for file in plan.new_files)


def test_a_folder_without_dagster_is_asked_about(tmp_path: Path) -> None:
    root = foreign.commit(foreign.write(tmp_path, {"main.go": "package main\n"}))
    assert [question.key for question in plan_of(root).questions] == ["platform"]
    assert plan_of(root, platform="yes").is_new_platform
    with pytest.raises(DevkitError, match="no code location found"):
        plan_of(root, platform="no")


def test_what_the_kit_needs_to_be_free_is_an_obstacle(tmp_path: Path) -> None:
    files = {"workspace.yaml": "load_from:\n  - python_file: a.py\n", "a.py": "", "tasks.py": ""}
    plan = plan_of(foreign.commit(foreign.write(tmp_path, files)))
    assert [each.place for each in plan.obstacles] == ["tasks.py"]


def test_pythons_that_nothing_runs_on_are_obstacles(tmp_path: Path) -> None:
    files = {
        "workspace.yaml": "load_from:\n  - python_file: a.py\n",
        "a.py": "",
        "pyproject.toml": foreign.project("old", "dagster", python="==3.7.*"),
    }
    (obstacle,) = plan_of(foreign.commit(foreign.write(tmp_path, files))).obstacles
    assert obstacle.place == "pyproject.toml:4" and "==3.7.*" in obstacle.what


def test_an_environment_that_the_registry_shares_stays_shared(tmp_path: Path) -> None:
    entry = (
        "  - python_file:\n      relative_path: {0}.py\n      executable_path: .venv/bin/python\n"
    )
    files = {
        "workspace.yaml": "load_from:\n" + entry.format("a") + entry.format("b"),
        "a.py": "",
        "b.py": "import a\n",
        "pyproject.toml": foreign.project("both", "dagster"),
    }
    root = foreign.commit(foreign.write(tmp_path, files))
    kept, split = plan_of(root), plan_of(root, environments="split")
    assert {each.project for each in kept.teams} == {"."}
    assert {each.project for each in split.teams} == {"teams/a_py", "teams/b_py"}
    assert any("b.py:1: b.py imports code of a.py" in note for note in kept.notes)


def test_a_location_whose_code_is_nowhere_is_noted(tmp_path: Path) -> None:
    files = {
        "workspace.yaml": "load_from:\n  - python_module: theirs.definitions\n",
        "pyproject.toml": foreign.project("all", "dagster", "theirs"),
    }
    plan = plan_of(foreign.commit(foreign.write(tmp_path, files)))
    assert plan.is_ready and plan.teams[0].sources == ()
    assert any(note.startswith("workspace.yaml:2: theirs.definitions") for note in plan.notes)


def test_another_workspace_file_can_be_named(tmp_path: Path) -> None:
    files = {
        "workspace.yaml": "load_from:\n  - python_file: a.py\n",
        "deploy/all.yaml": "load_from:\n  - python_module: b.defs\n",
        "a.py": "",
        "deploy/b/defs.py": "",
        "requirements.txt": "dagster\n",
    }
    root = foreign.commit(foreign.write(tmp_path, files))
    (found,) = plan_of(root, "deploy/all.yaml").teams
    assert (found.value, found.working_directory) == ("b.defs", "deploy")
    with pytest.raises(DevkitError, match="is not found"):
        plan_of(root, "deploy/none.yaml")


def test_a_folder_outside_of_the_repository_is_an_obstacle(tmp_path: Path) -> None:
    source = '[tool.uv.sources]\nother = { path = "../../other" }\n'
    files = {
        "workspace.yaml": "load_from:\n  - python_file: a/a.py\n",
        "a/a.py": "",
        "a/pyproject.toml": foreign.project("a", "dagster", "other", more=source),
    }
    (obstacle,) = plan_of(foreign.commit(foreign.write(tmp_path, files))).obstacles
    assert obstacle.place == "a/pyproject.toml:10" and "../../other" in obstacle.what

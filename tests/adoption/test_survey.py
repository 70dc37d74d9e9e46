"""What code is made of, found by reading it: libraries, variables, tests, and what is odd."""

import os
import sys
from pathlib import Path

from devkit.adoption import planning
from devkit.adoption.model import Plan, PlannedTeam
from devkit.adoption.python_files import Reader, variables_in_yaml
from devkit.adoption.questions import Answers
from devkit.adoption.tree import Tree, joined
from testing import foreign
from testing.support import run

BASE = {
    "workspace.yaml": "load_from:\n  - python_module: one.jobs\n  - python_module: two.jobs\n",
    "pyproject.toml": foreign.project("all", "dagster", "yaml"),
    "one/__init__.py": "",
    "two/__init__.py": "",
    "one/jobs.py": foreign.definitions("a"),
    "two/jobs.py": foreign.definitions("b"),
}


def plan_of(root: Path, files: dict[str, str]) -> Plan:
    return planning.plan(foreign.commit(foreign.write(root, {**BASE, **files})), Answers({}))


def first(root: Path, files: dict[str, str]) -> PlannedTeam:
    return plan_of(root, files).teams[0]


def test_libraries_are_followed_through_relative_and_dynamic_imports(tmp_path: Path) -> None:
    team = first(
        tmp_path,
        {
            "one/jobs.py": "from . import parts\n",
            "one/parts.py": 'import importlib\n\nimportlib.import_module("loaders.csv")\n',
            "loaders/csv.py": "from common.io import read\n",
            "common/io/__init__.py": "from ..paths import HERE\nread = HERE\n",
            "common/paths.py": "HERE = 1\n",
            "common/tests/test_io.py": "import only_for_tests\n",
            "only_for_tests.py": "",
            "unused/__init__.py": "",
        },
    )
    assert team.libraries == ("common", "loaders")


def test_a_folder_here_does_not_hide_a_package_that_is_installed(tmp_path: Path) -> None:
    team = first(
        tmp_path,
        {
            "one/jobs.py": "import dagster\nimport yaml\nimport csv\n",
            "dagster/dagster.yaml": "",
            "dagster/helpers.py": "",
            "yaml/x.py": "",
            "csv/x.py": "",
        },
    )
    assert team.libraries == ()


def test_locations_in_one_folder_share_it_and_what_they_import_is_named(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        {
            "workspace.yaml": "load_from:\n  - python_file: all/one.py\n"
            "  - python_file: all/two.py\n  - python_module: two.jobs\n",
            "all/one.py": "import two.jobs\nfrom names import X\n",
            "all/two.py": "",
            "names.py": "X = 1\n",
        },
    )
    assert plan.teams[0].sources == plan.teams[1].sources == ("all",)
    assert plan.teams[0].libraries == ("names.py",)
    notes = [note for note in plan.notes if note.startswith("all/one.py:1: ")]
    assert "one.py imports code of two.jobs" in notes[0]


def test_variables_are_those_that_the_code_names(tmp_path: Path) -> None:
    team = first(
        tmp_path,
        {
            "one/jobs.py": """\
            import os
            import dagster as dg
            from os import environ, getenv

            A = os.environ["IN_BRACKETS"]
            B = environ.get("GIVEN", "x") + getenv("GOT") + os.environ.setdefault("SET", "")
            C = dg.EnvVar("OF_DAGSTER"), dg.EnvVar.int("A_NUMBER")
            D = os.environ[A], {}.get("NOT_ONE")
            """,
            "one/defs/component.yaml": 'token: "{{ env.IN_A_COMPONENT }}"\n',
            "two/jobs.py": 'import os\nos.environ["OF_TWO"]\n',
        },
    )
    assert team.variables == (
        "A_NUMBER", "GIVEN", "GOT", "IN_A_COMPONENT", "IN_BRACKETS", "OF_DAGSTER", "SET",
    )  # fmt: skip
    assert variables_in_yaml("x:\n  env: A_B\n  y: {{ env('C') }}") == {"A_B", "C"}


def test_tests_belong_to_the_only_location_that_they_import(tmp_path: Path) -> None:
    files = {
        "shared/__init__.py": "",
        "one/jobs.py": "import shared\n",
        "checks/test_one.py": "import shared\nimport one.jobs\nfrom checks.fakes import X\n",
        "checks/test_both.py": "import one.jobs\nimport two.jobs\n",
        "checks/test_none.py": "import shared\n",
        "checks/fakes.py": "X = 1\n",
        "two/tests/test_two.py": "",
    }
    one, two = plan_of(tmp_path, files).teams
    assert one.tests == ("checks/test_one.py",) and one.smoke_test is None
    assert two.tests == ("two/tests",) and two.smoke_test is None


def test_the_folder_of_dbt_that_code_names_is_an_input(tmp_path: Path) -> None:
    team = first(
        tmp_path,
        {
            "one/jobs.py": 'from pathlib import Path\nDBT = Path(__file__).parents[1] / "models"\n',
            "models/dbt_project.yml": "name: models\n",
        },
    )
    assert team.inputs == ("models",)


def test_a_file_that_is_no_python_of_today_is_noted_and_skipped(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {"one/old.py": 'print "hello"\n'})
    assert any(note.startswith("one/old.py, line 1: ") for note in plan.notes)


def test_where_nothing_names_dependencies_they_are_guessed(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path, {"pyproject.toml": "[tool.ruff]\n", "one/jobs.py": "import yaml, os, dagster\n"}
    )
    assert plan.teams[0].dependencies == ("dagster", "pyyaml")
    assert any("guessed by its imports: dagster, pyyaml" in note for note in plan.notes)


def test_a_reader_reads_a_file_once_and_a_tree_leaves_environments_out(tmp_path: Path) -> None:
    tree = Tree(
        foreign.write(
            tmp_path,
            {"a.py": "import b\n", "env/pyvenv.cfg": "", "env/lib/x.py": "", "c/big.txt": ""},
        )
    )
    assert tree.files == ("a.py", "c/big.txt") and tree.folders == {".", "c"}
    reader = Reader(tree)
    assert reader.of("a.py") is reader.of("a.py")
    assert joined("a/b", "../../c") == "c" and joined("a", "../../c") is None
    assert joined(".", "/etc") is None and joined(".", "x\\y") == "x/y"


def test_a_new_test_loads_the_code_from_the_folder_where_it_runs(tmp_path: Path) -> None:
    fake = "class Definitions:\n    pass\n"
    root = foreign.commit(
        foreign.write(
            tmp_path,
            {
                "dagster.py": fake,
                "x/pyproject.toml": foreign.project("x", "dagster")
                + '[tool.dagster]\nmodule_name = "jobs"\n',
                "x/jobs.py": 'import dagster\n\nopen("here.txt")\ndefs = dagster.Definitions()\n',
                "x/here.txt": "",
                "y/jobs.py": "",
            },
        )
    )
    test = planning.plan(root, Answers({})).teams[0].smoke_test
    assert test is not None and test.path == "x/tests/test_jobs_loads.py"
    foreign.write(root, {test.path: test.text})
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", root / test.path]
    env = {**os.environ, "PYTHONPATH": f"{root}:{root}/x"}
    done = run([*map(str, argv)], tmp_path, env)
    assert done.returncode == 0, done.stdout

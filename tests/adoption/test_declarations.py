"""Where locations are declared: every kind of file, and the lines in it."""

from pathlib import Path

import pytest

from devkit.adoption import commands_read, containers, declarations
from devkit.adoption.declared import Declared
from devkit.adoption.python_files import Reader
from devkit.adoption.search import candidates
from devkit.adoption.tree import Tree
from testing import foreign

CODE = {"shop/__init__.py": "", "shop/jobs.py": foreign.definitions("one")}


def result(root: Path, files: dict[str, str], workspace: str | None = None) -> declarations.Result:
    return declarations.find(Tree(foreign.write(root, {**CODE, **files})), workspace)


def facts(location: Declared) -> tuple[str, str, str, str | None]:
    return location.location, location.kind, location.value, location.folder


def test_a_workspace_file_in_another_folder_counts_from_there(tmp_path: Path) -> None:
    found = result(
        tmp_path,
        {
            "home/workspace.yaml": """\
            load_from:
              - python_module: shop.jobs
              - python_file: own.py
              - python_file: {relative_path: ../shop/jobs.py, location_name: 1.10}
              - python_module: {module_name: shop.jobs, attribute: defs, working_directory: /app}
            """,
            "home/own.py": "",
        },
    )
    assert [facts(one) for one in found.locations] == [
        ("shop.jobs", "module", "shop.jobs", None),
        ("own.py", "file", "home/own.py", "home"),
        ("1.10", "file", "shop/jobs.py", "home"),
        ("shop.jobs:defs", "module", "shop.jobs", "."),  # of an image
    ]
    assert [one.line for one in found.locations] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ("- python_module: {module_name: a, working_directory: /data/x}", "a path of one machine"),
        ("- python_file: ../../outside.py", "leaves the root"),
        ("- python_moduel: a", "can't be read: python_moduel"),
        ("- python_module: {location_name: a}", "without module_name"),
        ("- python_file: shop/jobs.py\n  - python_file: shop/jobs.py", "are called jobs.py"),
    ],
)
def test_entries_that_can_t_be_taken_over_are_obstacles(
    tmp_path: Path, entry: str, wrong: str
) -> None:
    found = result(tmp_path, {"workspace.yaml": f"load_from:\n  {entry}\n"})
    assert wrong in found.obstacles[0].what
    assert found.obstacles[0].place.startswith("workspace.yaml:")


@pytest.mark.parametrize("text", ["modules: []\n", "load_from: [\n", "- a\n"])
def test_another_tool_s_workspace_file_is_an_obstacle(tmp_path: Path, text: str) -> None:
    (obstacle,) = result(tmp_path, {"workspace.yaml": text}).obstacles
    assert "can't be the registry" in obstacle.what


def test_tool_dagster_in_every_project(tmp_path: Path) -> None:
    found = result(
        tmp_path,
        {
            "pyproject.toml": '[tool.dagster]\nmodule_name = "shop.jobs"\n',
            "b/pyproject.toml": '[tool.dagster]\nmodules = [{type = "module", name = "b.defs"}]\n',
        },
    )
    assert [facts(one) for one in found.locations] == [
        ("shop.jobs", "module", "shop.jobs", "."),
        ("b.defs", "module", "b.defs", "b"),
    ]
    assert [one.place for one in found.locations] == ["pyproject.toml:2", "b/pyproject.toml:2"]


def test_definitions_that_dagster_loads_from_a_folder(tmp_path: Path) -> None:
    found = result(
        tmp_path, {"workspace.yaml": "load_from:\n  - autoload_defs_module: shop.defs\n"}
    )
    assert [facts(one) for one in found.locations] == [("shop.defs", "autoload", "shop.defs", None)]
    table = '[tool.dg.project]\nroot_module = "shop"\nautoload_defs = true\n'
    of_dg = result(tmp_path / "b", {"b/pyproject.toml": table})
    assert [facts(one) for one in of_dg.locations] == [("b", "autoload", "shop.defs", "b")]


def test_projects_of_dg_with_and_without_a_workspace(tmp_path: Path) -> None:
    project = '[tool.dg.project]\nroot_module = "shop"\n'
    listed = {
        "pyproject.toml": '[tool.dg]\ndirectory_type = "workspace"\n'
        '[[tool.dg.workspace.projects]]\npath = "projects/*"\n',
        "projects/one/pyproject.toml": project,
        "projects/two/dg.toml": '[project]\nroot_module = "two"\n'
        'code_location_target_module = "two.main"\ncode_location_name = "the second"\n',
        "other/pyproject.toml": project,
    }
    found = result(tmp_path / "a", listed)
    assert [facts(one) for one in found.locations] == [
        ("one", "module", "shop.definitions", "projects/one"),
        ("the second", "module", "two.main", "projects/two"),
    ]
    alone = result(tmp_path / "b", {"x/pyproject.toml": project})
    assert [one.location for one in alone.locations] == ["x"]


def test_the_files_of_dagster_plus(tmp_path: Path) -> None:
    found = result(
        tmp_path,
        {
            "dagster-cloud.yaml": """\
            locations:
              - location_name: basics
                code_source:
                  python_file: definitions.py
                build:
                  directory: ./basics
              - location_name: shop
                code_source: {module_name: shop.jobs}
                attribute: defs
              - location_name: image only
                image: registry/x
            """,
            "basics/definitions.py": "",
        },
    )
    assert [facts(one) for one in found.locations] == [
        ("basics", "file", "basics/definitions.py", "basics"),
        ("shop", "module", "shop.jobs", "."),
    ]
    assert found.locations[1].attribute == "defs"


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        ("dagster api grpc -h 0.0.0.0 -p 4000 -m shop.jobs", (("module", "shop.jobs"),)),
        ("python -m dagster dev --python-file=a.py -f b.py", (("file", "a.py"), ("file", "b.py"))),
        ('CMD ["dagster", "code-server", "start", "--package-name", "shop"]',
         (("package", "shop"),)),
        (["sh", "-c", "exec dagster api grpc -m shop && true -m no"], (("module", "shop"),)),
        ("dagster-webserver -w workspace.yaml", ()),
    ],
)  # fmt: skip
def test_what_a_command_loads(words: object, targets: tuple[tuple[str, str], ...]) -> None:
    found = commands_read.parse(commands_read.words_of(words))
    assert found is not None and found.targets == targets


@pytest.mark.parametrize(
    "words", ["dagster api grpc-health-check -p 4000", "code-server start", ""]
)
def test_other_commands_load_nothing(words: str) -> None:
    assert commands_read.parse(commands_read.words_of(words)) is None


def test_a_makefile_is_enough_and_other_declarations_are_compared(tmp_path: Path) -> None:
    made = result(
        tmp_path / "a", {"Makefile": "# dagster dev -m no\ndev:\n\tdagster dev -m shop.jobs\n"}
    )
    assert [(one.location, one.place) for one in made.locations] == [("shop.jobs", "Makefile:3")]
    both = result(
        tmp_path / "b",
        {
            "workspace.yaml": "load_from:\n  - python_module: shop.jobs\n",
            "dagster_cloud.yaml": "locations:\n  - location_name: b\n    code_source:\n"
            "      module_name: other.defs\n",
        },
    )
    assert [note.partition(",")[0] for note in both.notes] == [
        "dagster_cloud.yaml:2 declares b (other.defs)"
    ]


def test_the_locations_of_a_deployment_keep_its_names_if_they_are_all_there(tmp_path: Path) -> None:
    cloud = "locations:\n  - location_name: the shop\n    code_source: {package_name: shop}\n"
    files = {
        "pyproject.toml": '[tool.dagster]\nmodule_name = "shop.jobs"\n',
        "dagster_cloud.yaml": cloud + "  - location_name: b\n    code_source: {module_name: b.x}\n",
        "_template/pyproject.toml": '[tool.dagster]\nmodule_name = "{{ name }}"\n',
    }
    found = result(tmp_path / "a", files)
    assert found.source == "dagster_cloud.yaml"
    assert [one.location for one in found.locations] == ["the shop", "b"]
    files["dagster_cloud.yaml"] = (
        "locations:\n  - location_name: b\n    code_source: {module_name: b.x}\n"
    )
    assert [one.location for one in result(tmp_path / "a", files).locations] == ["shop.jobs"]


def test_servers_that_another_file_declares_by_name_are_here(tmp_path: Path) -> None:
    found = result(
        tmp_path,
        {
            "workspace.yaml": "load_from:\n  - grpc_server: {host: h, port: 1, location_name: s}\n"
            "  - grpc_server: {host: g, port: 1}\n",
            "dagster_cloud.yaml": "locations:\n  - location_name: s\n    code_source:\n"
            "      module_name: shop.jobs\n",
        },
    )
    assert [one.location for one in found.locations] == ["s"]
    assert [one.location for one in found.remotes] == ["grpc:g:1"]


def test_code_that_makes_definitions_is_found_once_for_each_package(tmp_path: Path) -> None:
    files = {
        **CODE,
        "shop/jobs/nightly/more.py": "import dagster\ndefs = dagster.Definitions()\n",
        "alone.py": "from dagster import repository\n\n@repository\ndef all():\n    return []\n",
        "tests/test_x.py": "from dagster import Definitions\nDefinitions()\n",
        "words.py": 'X = "Definitions("\n',
    }
    tree = Tree(foreign.write(tmp_path, files))
    found = candidates(tree, Reader(tree))
    assert [(one.location, one.kind, one.value) for one in found] == [
        ("alone", "file", "alone.py"),
        ("jobs", "module", "shop.jobs"),
    ]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ('COPY . /app\nCMD ["dagster-webserver", "-w", "/app/workspace.yaml"]\n', [3]),
        ("COPY --chown=a . .\nCMD dagster dev -h 0.0.0.0\n", [3]),
        ("COPY . .\nCMD dagster api grpc -m shop.jobs\n", []),
        ("COPY src .\n# dagster dev\nCMD dagster-webserver -w workspace.yaml\n", []),
        ("COPY ./workspace.yaml .\nCMD dagster-webserver -w workspace.yaml\n", [2]),
    ],
)
def test_an_image_that_reads_the_registry(tmp_path: Path, lines: str, found: list[int]) -> None:
    tree = Tree(foreign.write(tmp_path, {"Containerfile": f"FROM python\n{lines}"}))
    assert containers.mounts_of(tree, "workspace.yaml") == [("Containerfile", one) for one in found]


def test_a_library_that_dg_calls_a_project_is_no_difference(tmp_path: Path) -> None:
    dg = '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "{}"\n'
    found = result(
        tmp_path,
        {
            "workspace.yaml": "load_from:\n  - python_module: shop.definitions\n",
            "shop/definitions.py": "",
            "common/pyproject.toml": dg.format("common"),
            "common/src/common/__init__.py": "",
            "more/pyproject.toml": dg.format("more"),
            "more/src/more/definitions.py": "",
        },
    )
    (note,) = found.notes
    assert note.startswith("more/pyproject.toml:4 declares more (more.definitions)")

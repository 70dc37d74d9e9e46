"""Where a location's code is found: import root, sources, packages and tests, in many layouts."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from devkit.registry.team import Team, default_name
from devkit.registry.workspace import load_teams

ENTRY = """\
  - {kind}:
      {field}: {loaded}
      location_name: {name}
      executable_path: {project}/.venv/bin/python
"""
FIELDS = {
    "python_module": "module_name",
    "python_package": "package_name",
    "python_file": "relative_path",
}


def write(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("", encoding="utf-8")


def teams(root: Path, *entries: Sequence[str]) -> dict[str, Team]:
    """The teams of a registry; an entry is a kind, what is loaded, a name and a project."""
    lines = [
        ENTRY.format(kind=kind, field=FIELDS[kind], loaded=loaded, name=name, project=project)
        for kind, loaded, name, project in entries
    ]
    for *_, project in entries:
        (root / project).mkdir(parents=True, exist_ok=True)
    (root / "workspace.yaml").write_text("load_from:\n" + "".join(lines), encoding="utf-8")
    return {team.location: team for team in load_teams(root)}


def test_packages_side_by_side_in_the_root_with_projects_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, "north/__init__.py", "north/a.py", "south/__init__.py", "tests/test_north.py")
    found = teams(
        tmp_path,
        ("python_module", "north", "north", "teams/north"),
        ("python_module", "south", "south", "teams/south"),
    )
    north = found["north"]
    assert (north.cwd, north.import_root) == (tmp_path, tmp_path)
    assert north.sources == (tmp_path / "north",)
    assert north.packages == ("north",)
    assert north.directory == tmp_path / "teams/north"


def test_modules_by_their_path_from_the_root_through_src(tmp_path: Path) -> None:
    for name in ("sales", "inventory"):
        write(tmp_path, f"packages/{name}/src/{name}/definitions.py", f"packages/{name}/tests/t.py")
    write(tmp_path, "packages/__init__.py", "packages/sales/__init__.py")
    found = teams(
        tmp_path,
        *(
            ("python_package", f"packages.{n}.src.{n}.definitions", n, f"packages/{n}")
            for n in ("sales", "inventory")
        ),
    )
    inventory = found["inventory"]
    assert inventory.sources == (tmp_path / "packages/inventory/src/inventory",)
    assert inventory.packages == ("packages.inventory.src.inventory",)
    assert inventory.tests == (tmp_path / "packages/inventory/tests",)
    # A folder with Python files of its own belongs to the package.
    assert found["sales"].sources == (tmp_path / "packages/sales",)


@pytest.mark.parametrize("folder", ["", "src/", "python/"])
def test_a_package_of_the_project_that_is_installed(tmp_path: Path, folder: str) -> None:
    write(tmp_path, f"a/{folder}shop/defs/__init__.py", f"a/{folder}shop/__init__.py")
    team = teams(tmp_path, ("python_module", "shop.defs", "shop", "a"))["shop"]
    assert team.import_root == tmp_path / "a" / folder
    assert team.sources == (tmp_path / f"a/{folder}shop",)


def test_a_package_three_folders_down(tmp_path: Path) -> None:
    write(tmp_path, "deep/down/here/shop/defs.py")
    team = teams(tmp_path, ("python_module", "deep.down.here.shop.defs", "shop", "deep"))["shop"]
    assert team.sources == (tmp_path / "deep/down/here/shop",)


def test_files_in_one_folder_share_it_and_files_in_the_root_are_alone(tmp_path: Path) -> None:
    write(tmp_path, "shop/a.py", "shop/b.py", "top.py")
    found = teams(
        tmp_path,
        ("python_file", "shop/a.py", "a", "shop"),
        ("python_file", "shop/b.py", "b", "shop"),
        ("python_file", "top.py", "top", "projects/top"),
    )
    assert found["a"].sources == found["b"].sources == (tmp_path / "shop",)
    assert found["top"].sources == (tmp_path / "top.py",)
    assert (found["a"].own, found["top"].own[0]) == (
        (tmp_path / "shop",),
        tmp_path / "projects/top",
    )


def test_a_project_declares_what_is_not_in_its_usual_place(tmp_path: Path) -> None:
    write(tmp_path, "shop/a.py", "shop/b.py", "extra/x.py")
    (tmp_path / "shop/pyproject.toml").write_text(
        """
[tool.dagteam]
import-root = "extra"
tests = ["checks/test_shop.py"]
[tool.dagteam.locations."The A"]
slug = "first"
sources = ["shop/a.py", "extra"]
""",
        encoding="utf-8",
    )
    found = teams(
        tmp_path,
        ("python_module", "shop.a", "The A", "shop"),
        ("python_module", "shop.b", "The B", "shop"),
    )
    first = found["The A"]
    assert (first.name, first.identifier) == ("first", "first")
    assert first.sources == (tmp_path / "shop/a.py", tmp_path / "extra")
    assert first.tests == (tmp_path / "checks/test_shop.py",)
    assert found["The B"].name == "The_B"
    assert found["The B"].import_root == tmp_path / "extra"


def test_code_runs_in_its_working_directory_and_where_dagster_is_started_if_it_did(
    tmp_path: Path,
) -> None:
    write(tmp_path, "shop/defs.py", "shop/tests/t.py", "workspace.yaml")
    (tmp_path / "shop").mkdir(exist_ok=True)
    text = "load_from:" + ENTRY.format(
        kind="python_module", field="module_name", loaded="defs", name="shop", project="shop"
    )
    text = text.replace("load_from:", "load_from:\n") + "      working_directory: shop\n"
    (tmp_path / "workspace.yaml").write_text(text, encoding="utf-8")
    shop = tmp_path / "shop"

    def folders() -> tuple[Path, Path, Path]:
        (team,) = load_teams(tmp_path)
        return team.on_path, team.cwd, team.tested_in

    assert folders() == (shop, shop, shop)
    write(tmp_path, "devkit/adopted.toml")
    for text, where in (("", tmp_path), ("[runs_in]\nshop = 'shop'\n", shop)):
        (tmp_path / "devkit/adopted.toml").write_text(f"version = '1'\n{text}", encoding="utf-8")
        assert folders() == (shop, where, shop)
    table = '[tool.dagteam]\nruns-in = "shop"\ntests = ["tests"]\n'
    (shop / "pyproject.toml").write_text(table, encoding="utf-8")
    assert folders() == (shop, shop, shop)
    (shop / "pyproject.toml").write_text(table.replace("shop", "."), encoding="utf-8")
    assert folders() == (shop, tmp_path, tmp_path)


def test_tests_are_where_pytest_is_configured_to_find_them(tmp_path: Path) -> None:
    write(tmp_path, "a/shop/defs.py", "a/tests/t.py", "a/checks/t.py")
    (tmp_path / "a/pyproject.toml").write_text(
        '[tool.pytest.ini_options]\ntestpaths = ["checks", "gone"]\n', encoding="utf-8"
    )
    team = teams(tmp_path, ("python_module", "shop.defs", "shop", "a"))["shop"]
    assert team.tests == (tmp_path / "a/checks",)


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("ml_project", "ml"),
        ("sales-eu", "sales_eu"),
        ("Daily load (EU)", "Daily_load_EU"),
        ("repo.py:make", "repo_py_make"),
        ("&", ""),
    ],
)
def test_a_short_name_has_only_what_a_name_may_have(location: str, name: str) -> None:
    assert default_name(location) == name

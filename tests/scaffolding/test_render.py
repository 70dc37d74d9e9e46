"""The files of a new team: their content, and their style whatever the names are."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from devkit.core.paths import SHARED, TOOLS
from devkit.definitions.manifest import Column
from devkit.environments import lockfiles
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.workspace import Team
from devkit.scaffolding import names, render
from devkit.scaffolding.render import Upstream
from testing.support import Checkout, run

COLUMNS = (Column("species", "string"), Column('it\'s "odd"', "Int64"))
UPSTREAMS = (
    Upstream("penguins", "analytics", COLUMNS),
    Upstream("sales/eu/orders-of-today", "s" * names.MAX_LENGTH, ()),
    Upstream("p" * 60, "ml", None),
)


def team(root: Path, name: str) -> Team:
    folder = root / f"{name}_project"
    return Team(
        folder.name, f"{folder.name}.definitions", folder, folder / f".venv-{name}/bin/python", 0
    )


@pytest.mark.parametrize("name", ["a", "zoo", "n" * names.MAX_LENGTH])
def test_every_file_passes_the_style_checks_whatever_the_names(
    name: str, checkout: Checkout
) -> None:
    made = team(checkout.root, name)
    for path, text in render.files(made, UPSTREAMS).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for argv in render.tidy(made.directory):
        assert run(argv, checkout.root).returncode == 0
    for style in (("check",), ("format", "--check")):
        done = run([TOOLS / "bin/ruff", *style, "--no-cache", made.directory], checkout.root)
        assert done.returncode == 0, done.stdout
    for file in made.directory.rglob("*.py"):
        compile(file.read_text(encoding="utf-8"), file, "exec")


def test_a_new_team_has_the_layout_of_the_others(teams: dict[str, Team], tmp_path: Path) -> None:
    made = team(tmp_path, "finance")
    found = {str(path.relative_to(made.directory)) for path in render.files(made, ())}
    for other in teams.values():
        shape = {".env.example", "pyproject.toml", f"{other.package}/py.typed"}
        shape |= {f"{other.package}/defs/{name}.py" for name in ("__init__", "assets", "resources")}
        shape |= {f"{other.package}_tests/test_project_loads.py"}
        assert all((other.directory / file).exists() for file in shape)
        assert {file.replace(other.package, made.package) for file in shape} <= found


def test_a_new_team_requires_the_orchestrator_s_dagster_and_the_rest_as_utils(
    tmp_path: Path,
) -> None:
    made = team(tmp_path, "finance")
    text = render.files(made, ())[made.directory / "pyproject.toml"]
    project = tomllib.loads(text)
    shared = tomllib.loads((SHARED / "pyproject.toml").read_text(encoding="utf-8"))
    needs = {one.name: one for one in map(Requirement, project["project"]["dependencies"])}
    orchestrator = dict(
        lockfiles.PIN.findall(orchestrator_environment().lock.read_text(encoding="utf-8"))
    )
    assert needs.keys() == {"dagster", "dagteam-utils", "pandas"}
    assert orchestrator["dagster"] in needs["dagster"].specifier
    series = Version(orchestrator["dagster"])
    assert f"{series.major}.{series.minor + 1}.0" not in needs["dagster"].specifier
    assert str(needs["pandas"]) in map(str, map(Requirement, shared["project"]["dependencies"]))
    assert project["project"]["requires-python"] == shared["project"]["requires-python"]
    assert project["build-system"] == shared["build-system"]
    assert project["tool"]["dg"]["project"]["root_module"] == "finance_project"
    pins = dict(lockfiles.PIN.findall(render.preferred_pins()))
    assert pins["dagster"] == orchestrator["dagster"]


def test_the_needed_columns_are_those_that_the_producer_declares(tmp_path: Path) -> None:
    made = team(tmp_path, "finance")
    texts = {path.name: text for path, text in render.files(made, UPSTREAMS).items()}
    declared = texts["reads_penguins.py"]
    assert "dg.TableColumn('species', 'string')" in declared
    assert "Produced by the analytics team" in declared
    nested = texts["reads_sales_eu_orders_of_today.py"]
    assert "dg.AssetKey(['sales', 'eu', 'orders-of-today'])" in nested
    undeclared = texts[f"reads_{'p' * render.LONGEST_PART}.py"]
    assert "NEEDED_COLUMNS" not in undeclared
    assert "ml declares no columns for it yet" in undeclared

"""The files of a new team: their content, and their style whatever the names are."""

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from keyword import iskeyword
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from devkit.core.paths import ROOT, SHARED, TOOLS
from devkit.definitions import loading
from devkit.definitions.manifest import Column, Manifest
from devkit.environments import lockfiles
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.team import Team
from devkit.scaffolding import names, render
from devkit.scaffolding.render import Upstream
from testing.support import Checkout, run

COLUMNS = (Column("species", "string"), Column('it\'s "odd"', "Int64"))
UPSTREAMS = (
    Upstream("penguins", "analytics", COLUMNS),
    Upstream("sales/eu/orders-of-today", "s" * names.MAX_LENGTH, ()),
    Upstream("p" * 60, "ml", None),
)

# Keys that are the same words, not words, or names that mean something else.
ODD_KEYS = (
    "a/b", "a_b", "A_B", "a-b", "a b", "a.b", "v1.2", "2024/sales", "2024_sales", "key_2024_sales",
    "p" * 60 + "1", "p" * 60 + "2", "p" * 60, "class", "None", "example", "updated", "count", "dg",
    "source", "table", "table/metadata", "int", "negative_amounts", "a_b_2", "größe", "Größe",
    "продажи", "売上", "it's \"odd\"", "back\\slash", "x_", "_x", "__", "-", "a_job",
    "updated_updated",
)  # fmt: skip
# Teams whose names, before a key's, are other names of the template.
ODD_TEAMS = ("count", "updated", "table", "no", "a", "dg", "pd", "resources", "key")


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
    write(made, UPSTREAMS)
    for style in (("check",), ("format", "--check")):
        done = run([TOOLS / "bin/ruff", *style, "--no-cache", made.directory], checkout.root)
        assert done.returncode == 0, done.stdout
    for file in made.directory.rglob("*.py"):
        compile(file.read_text(encoding="utf-8"), file, "exec")


def write(made: Team, upstreams: Sequence[Upstream]) -> None:
    """Write a team's files, tidied, as `new-team` does."""
    for path, text in render.files(made, upstreams).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for argv in render.tidy(made.directory):
        assert run(argv, made.directory.parent).returncode == 0


ODD_COLUMNS = (
    Column("a struct", "struct<" + ", ".join(f"field_{n}: int" for n in range(12)) + ">"),
    Column("цена в €", 'it\'s "odd"\n\\'),
)


@pytest.fixture(scope="module")
def odd_teams(tmp_path_factory: pytest.TempPathFactory, teams: dict[str, Team]) -> dict[str, Team]:
    """Teams with all odd keys, with another's interpreter."""
    folder = tmp_path_factory.mktemp("odd")
    for file in ("pyproject.toml", "devkit/pyproject.toml"):
        (folder / file).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / file, folder / file)
    made = {
        name: replace(team(folder, name), python=teams["analytics"].python) for name in ODD_TEAMS
    }
    for one in made.values():
        write(one, [Upstream(key, "ml", ODD_COLUMNS) for key in ODD_KEYS])
    return made


def test_odd_keys_give_code_in_style(odd_teams: dict[str, Team]) -> None:
    folder = odd_teams["a"].directory.parent
    for style in (("check",), ("format", "--check")):
        done = run([TOOLS / "bin/ruff", *style, "--no-cache", folder], folder)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["count", "updated", "table", "no"])
def test_odd_keys_give_code_that_loads(name: str, odd_teams: dict[str, Team]) -> None:
    loaded = loading.load(odd_teams[name])
    assert isinstance(loaded, Manifest), loaded
    assert set(ODD_KEYS) <= loaded.external_assets.keys()
    assert len(loaded.produces) == len(ODD_KEYS) + 1
    assert len(set(loaded.jobs)) == len(loaded.sensors) == len(ODD_KEYS)


@pytest.mark.parametrize("name", ODD_TEAMS)
def test_odd_keys_give_files_and_names_of_their_own(name: str, tmp_path: Path) -> None:
    found = render.names_for(team(tmp_path, name), [Upstream(key, "ml", None) for key in ODD_KEYS])
    used = [value for one in found for value in vars(one).values()]
    assert len({value.casefold() for value in used}) == len(used)
    assert all(value.isidentifier() and value.isascii() for value in used)
    assert not {keyword for keyword in used if iskeyword(keyword)} - {one.part for one in found}


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

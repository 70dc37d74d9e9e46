"""The layers of devkit, and who alone may do what: held by reading its code."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

from devkit.core.paths import KIT, ROOT
from devkit.registry.workspace import load_teams

# Each uses those after it, and none before it. `bootstrap` runs before anything is installed.
LAYERS = (
    "__main__", "commands", "cli", "adoption", "scaffolding", "doctor", "lineage", "generated",
    "contracts", "dev", "definitions", "environments", "registry", "kit", "bootstrap", "core",
    "__init__",
)  # fmt: skip
MODULES = sorted(path for path in KIT.rglob("*.py") if "templates" not in path.parts)
PROGRAMS = [path for path in MODULES if path.is_relative_to(KIT / "programs")]
OWN = [path for path in MODULES if path not in PROGRAMS]
MAX_LINES = 250
MAX_MEDIAN_LINES = 120


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """`core/git.py` for the module of git."""
    return path.relative_to(KIT).as_posix()


def layer_of(path: Path) -> int:
    return LAYERS.index(path.relative_to(KIT).parts[0].removesuffix(".py"))


def imports(path: Path) -> Iterator[str]:
    """The dotted names of everything that a module imports, wherever it does."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{name_of(path)} imports by a relative name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(path: Path) -> Iterator[Path]:
    """The files of devkit that a module imports."""
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "devkit":
            for length in range(len(parts), 0, -1):  # the longest name that is a module
                module = ROOT.joinpath(*parts[:length])
                file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
                if file.exists():
                    yield file
                    break


def texts(path: Path) -> set[str]:
    """The string literals in a module."""
    constants = (node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def users_of(*literals: str) -> set[str]:
    return {name_of(path) for path in OWN if texts(path) & set(literals)}


@pytest.mark.parametrize("path", OWN, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    backwards = [name_of(file) for file in own_imports(path) if layer_of(file) < layer_of(path)]
    assert backwards == []


def test_imports_have_no_circle() -> None:
    TopologicalSorter({path: set(own_imports(path)) - {path} for path in OWN}).prepare()


@pytest.mark.parametrize("path", OWN, ids=name_of)
def test_devkit_imports_no_team_s_code(path: Path) -> None:
    theirs = {team.package for team in load_teams(ROOT)} | {"dagster", "utils"}
    assert theirs.isdisjoint(name.partition(".")[0] for name in imports(path))


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_programs_import_nothing_of_the_kit_and_its_tools(path: Path) -> None:
    found = {name.partition(".")[0] for name in imports(path)}
    assert found <= {*sys.stdlib_module_names, "dagster"}


def test_only_output_prints() -> None:
    def prints(path: Path) -> bool:
        calls = (node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
        return any(isinstance(name, ast.Name) and name.id == "print" for name in calls)

    # The bootstrap runs where nothing but the standard library is certain to be.
    assert {name_of(path) for path in OWN if prints(path)} == {"core/output.py", "bootstrap.py"}


def test_only_git_py_runs_git() -> None:
    def starts_it(node: ast.AST) -> bool:
        words = node.elts if isinstance(node, ast.Tuple | ast.List) else []
        return bool(words) and isinstance(words[0], ast.Constant) and words[0].value == "git"

    users = {name_of(path) for path in OWN if any(map(starts_it, ast.walk(tree(path))))}
    assert users == {"core/git.py"}


def test_only_uv_py_runs_uv() -> None:
    def names_the_program(path: Path) -> bool:
        return any(
            isinstance(node, ast.BinOp)
            and ast.unparse(node).replace('"', "'").endswith("'bin' / 'uv'")
            for node in ast.walk(tree(path))
        )

    assert {name_of(path) for path in OWN if names_the_program(path)} == {
        "bootstrap.py",
        "core/uv.py",
    }


def test_only_dagster_cli_knows_dagster_s_command_line() -> None:
    commands = ("dagster_webserver", "code-server", "dagster-daemon", "bin/dagster")
    assert users_of(*commands) == {"dev/dagster_cli.py"}


def test_only_toml_py_reads_toml() -> None:
    assert {name_of(path) for path in OWN if "tomllib" in set(imports(path))} == {"core/toml.py"}


def test_modules_are_short() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES
    }
    assert [name for name, lines in lengths.items() if lines > MAX_LINES] == []
    assert median(lengths.values()) < MAX_MEDIAN_LINES
    assert len((ROOT / "tasks.py").read_text(encoding="utf-8").splitlines()) <= 60

"""Dependencies in every form that a project may have them in, and the versions of its lock."""

from pathlib import Path

import pytest

from devkit.adoption import inventory, pins, poetry, requirements_txt, setup_files
from devkit.adoption.buildable import fault
from devkit.adoption.needs import Needs
from devkit.adoption.tree import Tree
from testing import foreign


def tree_of(root: Path, **files: str) -> Tree:
    """A tree of files whose names are keywords: `__` is a dot, `_in_` a folder."""
    return Tree(
        foreign.write(
            root,
            {name.replace("_in_", "/").replace("__", "."): text for name, text in files.items()},
        )
    )


def test_requirements_files_include_others_and_name_folders(tmp_path: Path) -> None:
    tree = tree_of(
        tmp_path,
        requirements__txt="""\
            -r base.txt
            -c pins.txt
            dagster[x] >= 1.8 ; python_version > "3.8"  # why
            pandas==2.2.0 \\
                --hash=sha256:0000
            -e ./libs/core[extra]
            ../elsewhere
            .
            git+https://host.test/team/tools.git@main#egg=tools
            --index-url https://index.test
            -r missing.txt
            """,
        base__txt="click\n",
        pins__txt="click==8.1.8\n",
        libs_in_core_in_setup__py="",
    )
    found = requirements_txt.read(tree, ".")
    assert found.dependencies == (
        "click", 'dagster[x] >= 1.8 ; python_version > "3.8"', "pandas==2.2.0",
        "tools @ git+https://host.test/team/tools.git@main",
    )  # fmt: skip
    assert found.paths == {"libs/core": "requirements.txt:6"}
    assert found.pins == ("click==8.1.8",)
    assert [note.partition(" ")[0] for note in found.notes] == [
        f"requirements.txt:{line}:" for line in (7, 9, 10, 11)
    ]  # fmt: skip
    assert not any("index.test" in note for note in found.notes)


def test_a_list_of_pins_is_a_lock_too_and_a_lock_of_the_kit_is_not_read(tmp_path: Path) -> None:
    frozen = "".join(f"package{number}==1.{number}\n" for number in range(20))
    found = requirements_txt.read(tree_of(tmp_path / "a", requirements__txt=frozen), ".")
    assert len(found.pins) == len(found.dependencies) == 20
    ours = tree_of(tmp_path / "b", requirements__txt="# inputs: sha256:0\ndagster==1\n")
    assert not requirements_txt.read(ours, ".")


def test_setup_py_is_read_and_not_run(tmp_path: Path) -> None:
    tree = tree_of(
        tmp_path,
        setup__py="""\
            import nothing_that_is_installed
            import setuptools

            BASE = ["dagster>=1.8"]
            setuptools.setup(
                name="shop",
                python_requires=">=3.9",
                install_requires=BASE + ["pandas", f"duckdb=={nothing_that_is_installed.V}"],
                extras_require={"dev": ["pytest"], "docs": ["sphinx"]},
            )
            """,
    )
    found = setup_files.read(tree, ".")
    assert setup_files.name(tree, ".") == "shop"
    assert found.dependencies == ("dagster>=1.8", "pandas")
    assert (found.dev, found.requires_python) == (("pytest",), ">=3.9")
    assert found.found["dependencies"] == "setup.py:8"


def test_setup_py_that_reads_requirements_and_setup_cfg(tmp_path: Path) -> None:
    reading = tree_of(
        tmp_path / "a",
        setup__py="import setuptools as s\ns.setup(install_requires=open('requirements.txt'))\n",
        requirements__txt="dagster\n",
    )
    assert setup_files.read(reading, ".").dependencies == ("dagster",)
    settings = tree_of(
        tmp_path / "b",
        setup__cfg="[metadata]\nname = shop\n[options]\npython_requires = >=3.9\n"
        "install_requires =\n    dagster\n    pandas>=2\n"
        "[options.extras_require]\ntest =\n  pytest\n",
    )
    found = setup_files.read(settings, ".")
    assert (found.dependencies, found.dev) == (("dagster", "pandas>=2"), ("pytest",))
    assert setup_files.is_project(settings, ".") and setup_files.name(settings, ".") == "shop"
    only_tools = tree_of(tmp_path / "c", setup__cfg="[flake8]\nmax-line-length = 100\n")
    assert not setup_files.is_project(only_tools, ".")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("^1.2.3", "<2,>=1.2.3"), ("^0.25.3", "<0.26,>=0.25.3"), ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^1", "<2,>=1"), ("~1.2", "<1.3,>=1.2"), ("~1", "<2,>=1"), ("1.2.3", "==1.2.3"),
        (">=3.12,<3.13", "<3.13,>=3.12"), ("*", ""), ("~=1.4", "~=1.4"), ("^1 || ^2", ""),
    ],
)  # fmt: skip
def test_versions_of_poetry_are_written_as_pip_reads_them(written: str, meant: str) -> None:
    assert ",".join(sorted(poetry.specifier(written).split(","))) == meant


def test_poetry_s_tables_and_pipfiles(tmp_path: Path) -> None:
    tree = tree_of(
        tmp_path,
        pyproject__toml="""\
            [tool.poetry.dependencies]
            python = "^3.10"
            dagster = {version = "^1.8", extras = ["x"], python = ">=3.11"}
            tools = {git = "https://host.test/tools.git", tag = "v1"}
            core = {path = "libs/core", develop = true}
            odd = "^1 || ^2"
            [tool.poetry.dev-dependencies]
            pytest = "*"
            """,
        Pipfile='[packages]\ndagster = ">=1.8"\n[dev-packages]\npytest = "*"\n'
        '[requires]\npython_version = "3.11"\n',
    )
    found = poetry.read(tree, ".")
    assert found.dependencies == (
        "dagster[x]<2,>=1.8 ; python_version >= '3.11'",
        "tools @ git+https://host.test/tools.git@v1",
        "odd",
    )
    assert found.dev == ("pytest",) and found.paths == {"libs/core": "pyproject.toml:5"}
    assert found.notes == ("pyproject.toml: odd: the version ^1 || ^2 is not taken over",)
    pipfile = poetry.read_pipfile(tree, ".")
    assert (pipfile.dependencies, pipfile.requires_python) == (("dagster>=1.8",), "==3.11.*")


def test_the_versions_of_each_kind_of_lock(tmp_path: Path) -> None:
    package = '[[package]]\nname = "{}"\nversion = "{}"\n{}\n'
    uv = package.format("click", "8", "") + package.format("own", "1", 'source = {editable = "."}')
    for version, marker in (("1", "< '3.12'"), ("2", ">= '3.12'")):
        markers = f'resolution-markers = ["python_full_version {marker}"]'
        uv += package.format("forked", version, markers)
    tree = tree_of(
        tmp_path,
        a_in_uv__lock=uv,
        b_in_poetry__lock=package.format("Click", "8", "") + package.format("a", "1", "")
        + package.format("a", "2", "")
        + package.format("tools", "1", '[package.source]\ntype = "git"'),
        c_in_Pipfile__lock='{"default": {"click": {"version": "==8"}, "x": {"git": "y"}}}',
        d_in_pylock__toml='[[packages]]\nname = "click"\nversion = "8"\n',
    )  # fmt: skip
    assert pins.read(tree, "a") == (
        (
            "click==8",
            "forked==1 ; (python_full_version < '3.12')",
            "forked==2 ; (python_full_version >= '3.12')",
        ),
        "a/uv.lock",
    )
    assert pins.read(tree, "b") == (("click==8",), "b/poetry.lock")
    assert pins.read(tree, "c") == (("click==8",), "c/Pipfile.lock")
    assert pins.read(tree, "d") == (("click==8",), "d/pylock.toml")
    assert pins.read(tree, "e") == ((), "")


def test_a_project_s_forms_are_one_value(tmp_path: Path) -> None:
    tree = tree_of(
        tmp_path,
        a_in_pyproject__toml="""\
            [project]
            name = "A_b"
            dependencies = ["dagster", "core"]
            [dependency-groups]
            dev = ["ruff", {include-group = "test"}]
            test = ["pytest"]
            [tool.uv.sources]
            core = { path = "../core", editable = true }
            """,
        a_in_requirements__txt="dagster==1.9\n../core\n",
        b_in_setup__py="import setuptools as s\ns.setup(name='b', install_requires=['pandas'])\n",
        b_in_requirements__txt="dagster\npandas\n",
        c_in_pyproject__toml="[tool.ruff]\n",
        core_in_core__py="",
    )
    found = inventory.projects(tree)
    assert set(found) == {"a", "b"}
    assert (found["a"].name, found["a"].form, found["a"].extends) == ("a-b", "project", False)
    assert found["a"].needs.dev == ("ruff", "pytest")
    assert found["a"].needs.paths == {"core": "a/pyproject.toml:8"}
    assert found["b"].extends  # its requirements name Dagster, which setup.py does not
    assert found["b"].needs.names == {"dagster", "pandas"}


@pytest.mark.parametrize(
    ("backend", "settings", "files", "wrong"),
    [
        ("setuptools.build_meta", {}, ("a/x.py", "b/y.py"), "several packages"),
        ("setuptools.build_meta", {}, ("shop/x.py", "tests/y.py"), None),
        ("setuptools.build_meta", {"setuptools": {"packages": []}}, ("a/x.py", "b/y.py"), None),
        ("setuptools.build_meta", {}, ("src/a/x.py", "b/y.py"), None),
        ("hatchling.build", {}, ("other/x.py",), "no package shop"),
        ("hatchling.build", {}, ("src/shop/x.py",), None),
        ("poetry.core.masonry.api", {}, ("other/x.py",), "no package shop"),
        ("uv_build", {}, ("shop/x.py",), "src/shop"),
        ("uv_build", {"uv": {"package": False}}, (), None),
        ("", {}, ("a/x.py", "b/y.py"), None),
    ],
)
def test_whether_a_backend_finds_its_package(
    tmp_path: Path, backend: str, settings: dict[str, object], files: tuple[str, ...], wrong: str
) -> None:
    tree = Tree(foreign.write(tmp_path, dict.fromkeys(files, "")))
    document = {"build-system": {"build-backend": backend}, "tool": settings}
    found = fault(tree, ".", document, "shop")
    assert found is None if wrong is None else wrong in str(found)


def test_of_two_requirements_for_a_package_the_first_counts() -> None:
    both = Needs(dependencies=("a>=1",), dev=("x",)).plus(Needs(("a>=2", "b"), ("x", "y")))
    assert (both.dependencies, both.dev) == (("a>=1", "b"), ("x", "y"))

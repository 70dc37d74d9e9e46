"""The repository's code that other code imports, in every form of an import."""

from pathlib import Path

import pytest

from devkit.environments import imports


def make(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import shared", "shared"),
        ("import os, shared.db as db", "shared"),
        ("from shared import db", "shared"),
        ("from shared.db import (\n    one,  # noqa\n    two,\n)", "shared"),
        ("def late():\n    import shared.db", "shared"),
        ("from names.space import helpers", "names/space"),
        ("import names.space.helpers", "names/space"),
        ("import script", "script.py"),
        ("from . import near", None),
        ("import own.near", None),
        ("import logging", None),  # Python's own, whatever folder there is
        ("import dbt.cli", None),  # a folder without Python files: an installed package
        ("text = 'shared'", None),
    ],
)
def test_what_is_imported_from_the_repository(tmp_path: Path, code: str, found: str | None) -> None:
    make(
        tmp_path, "shared/__init__.py", "shared/db.py", "far.py", "script.py", "own/near.py",
        "names/space/helpers.py", "logging/__init__.py", "dbt/models/a.sql",
    )  # fmt: skip
    (tmp_path / "own/code.py").write_text(code, encoding="utf-8")
    reached = imports.reached([tmp_path / "own"], [tmp_path], [])
    assert reached == ({tmp_path / found: tmp_path} if found else {})


@pytest.mark.parametrize(
    "code", ["from .. import far", "from ..far import x", "from ..far.x import y"]
)
def test_relative_imports_may_leave_the_sources(tmp_path: Path, code: str) -> None:
    make(tmp_path, "top/own/code.py", "top/far/__init__.py", "top/far/x.py")
    (tmp_path / "top/own/code.py").write_text(code, encoding="utf-8")
    reached = imports.reached([tmp_path / "top/own"], [tmp_path], [])
    assert reached == {tmp_path / "top/far": tmp_path}


def test_what_is_imported_imports_more(tmp_path: Path) -> None:
    make(tmp_path, "own/__init__.py", "two/__init__.py", "three/__init__.py")
    (tmp_path / "own/code.py").write_text("import one\n", encoding="utf-8")
    (tmp_path / "one.py").write_text("import two\n", encoding="utf-8")
    (tmp_path / "two/code.py").write_text("import three, own\n", encoding="utf-8")
    reached = imports.reached([tmp_path / "own"], [tmp_path], [])
    assert [*reached] == [tmp_path / name for name in ("one.py", "two", "three")]


def test_of_a_package_that_others_are_in_only_the_part_is_reached(tmp_path: Path) -> None:
    make(tmp_path, "all/__init__.py", "all/a/__init__.py", "all/b/__init__.py", "all/shared/x.py")
    (tmp_path / "all/a/code.py").write_text("from all.shared import x\n", encoding="utf-8")
    sources, others = [tmp_path / "all/a"], [tmp_path / "all/b"]
    assert [*imports.reached(sources, [tmp_path], others)] == [tmp_path / "all/shared"]


def test_the_first_root_that_has_a_module_counts(tmp_path: Path) -> None:
    make(tmp_path, "a/shared/x.py", "b/shared/x.py", "b/other.py")
    roots = [tmp_path / "a", tmp_path / "b"]
    assert imports.resolve("shared.x", roots) == (tmp_path / "a/shared/x.py", roots[0])
    assert imports.resolve("other", roots) == (tmp_path / "b/other.py", roots[1])
    assert imports.resolve("missing", roots) is None

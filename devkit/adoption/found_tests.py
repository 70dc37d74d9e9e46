"""The tests of a location: where its project has them, or those that import only its code."""

from collections.abc import Iterable, Sequence

from devkit.adoption.located import Located
from devkit.adoption.model import NewFile, below
from devkit.adoption.python_files import Reader, is_test
from devkit.adoption.survey import Code, Surveyor
from devkit.adoption.tree import Tree, is_below, parent_of

SMOKE_TEST = '''"""The code of {location} can be loaded. Written by DagTeam: it is yours now."""

{imports}

import pytest

ROOT = Path(__file__).parents[{depth}]


def test_the_code_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT{folder})
    loaded = {loaded}
    {check}
'''
ANY_OF_DAGSTER = (
    "assert any(\n"
    "        word in type(value).__name__ for value in loaded.values()\n"
    '        for word in ("efinition", "epository", "Asset")\n'
    "    )"
)


def usual(tree: Tree, project: str, package: str) -> tuple[str, ...]:
    """The tests in the usual place of a project; empty if there are none."""
    options = tree.toml(below(project, "pyproject.toml")).get("tool", {}).get("pytest", {})
    listed = options.get("ini_options", {}).get("testpaths", [])
    listed = listed.split() if isinstance(listed, str) else listed
    for names in (listed, [f"{package}_tests"], ["tests"]):
        paths = tuple(below(project, str(name)) for name in names)
        found = tuple(path for path in paths if _has_tests(tree, path))
        if found:
            return found
    return ()


def inside(tree: Tree, sources: Iterable[str]) -> tuple[str, ...]:
    """The folders of tests, or the tests, in the sources themselves."""
    files = [file for source in sources for file in tree.under(source) if is_test(file)]
    folders = {parent_of(file) for file in files if not file.endswith("conftest.py")}
    tops = sorted(one for one in folders if not any(
        one != other and is_below(one, other) for other in folders
    ))  # fmt: skip
    return tuple(tops)


def by_imports(
    tree: Tree, reader: Reader, surveyor: Surveyor, located: Located, code: Code,
    taken: Sequence[str],
) -> tuple[str, ...]:  # fmt: skip
    """The tests that name only this location, its libraries and each other.

    `taken` are the folders of the projects that have tests of their own.
    """
    found = []
    mine = (*code.sources, *code.libraries, *code.named)
    for file in tree.python_files:
        if not is_test(file) or file.endswith("conftest.py"):
            continue
        if any(is_below(file, one) for one in (*taken, *mine)):
            continue
        resolved = [
            target[0] for name in reader.of(file).imports
            if (target := surveyor.resolve(name, file, located))
        ]  # fmt: skip
        names_it = any(is_below(one, source) for one in resolved for source in code.sources)
        beside = parent_of(file)
        only_it = all(any(is_below(one, each) for each in (*mine, beside)) for one in resolved)
        if names_it and only_it:
            found.append(file)
    return tuple(found)


def smoke_test(located: Located, project: str, slug: str) -> NewFile:
    """A test that the code of a location can be loaded, by nothing that depends on a version."""
    declared = located.declared
    name = "".join(letter if letter.isalnum() else "_" for letter in slug)
    path = below(project, f"tests/test_{name}_loads.py")
    if declared.kind == "file":
        imports, loaded = "import runpy", f'runpy.run_path(str(ROOT / "{declared.value}"))'
    else:
        imports, loaded = "import importlib", f'vars(importlib.import_module("{declared.value}"))'
    check = f'assert "{declared.attribute}" in loaded' if declared.attribute else ANY_OF_DAGSTER
    text = SMOKE_TEST.format(
        location=located.location,
        imports=f"{imports}\nfrom pathlib import Path",
        depth=path.count("/"),
        folder="" if declared.runs_in == "." else f' / "{declared.runs_in}"',
        loaded=loaded,
        check="assert loaded" if declared.kind == "autoload" else check,
    )
    return NewFile(path, text)


def _has_tests(tree: Tree, path: str) -> bool:
    return (tree.has(path) and path.endswith(".py")) or any(
        is_test(file) and not file.endswith("conftest.py") for file in tree.under(path)
    )

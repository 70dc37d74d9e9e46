"""Finds code that could be a location where nothing declares one: a person says which is."""

import re

from devkit.adoption.declared import Declared
from devkit.adoption.model import below
from devkit.adoption.modules import parents
from devkit.adoption.python_files import Reader, is_test
from devkit.adoption.tree import Tree, parent_of

MAKES = re.compile(r"\bDefinitions\(|@(\w+\.)?(repository|definitions)\b|\bload_from_defs_folder\(")
SKIPPED = {"tests", "docs", "examples", "templates", "test", "site-packages"}
USUAL = ("definitions.py", "repository.py", "repo.py", "__init__.py", "defs.py", "main.py")


def candidates(tree: Tree, reader: Reader) -> list[Declared]:
    """One file of each folder that makes definitions, those nearest to the root first."""
    by_folder: dict[str, list[str]] = {}
    for file in tree.python_files:
        is_code = SKIPPED.isdisjoint(file.split("/")) and not is_test(file)
        if is_code and MAKES.search(tree.text(file)) and reader.of(file).defines:
            by_folder.setdefault(parent_of(file), []).append(file)
    kept = [folder for folder in by_folder if not _is_part(reader, folder, by_folder)]
    files = [min(by_folder[folder], key=_rank) for folder in sorted(kept)]
    return [_declared(tree, reader, file) for file in files]


def _declared(tree: Tree, reader: Reader, file: str) -> Declared:
    """A module if it is in a package, whose files may import each other by relative names."""
    line = reader.of(file).defines
    root = parent_of(file)
    while tree.has(below(root, "__init__.py")) and root != ".":
        root = parent_of(root)
    if root == parent_of(file):
        return Declared("file", file, file, line, name=_title(file))
    inside = file if root == "." else file[len(root) + 1 :]
    module = inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return Declared("module", module, file, line, name=_title(file), own=root)


def _is_part(reader: Reader, folder: str, by_folder: dict[str, list[str]]) -> bool:
    """Whether a folder above puts definitions together, and this one's too."""
    title = folder.rpartition("/")[2]
    at_root = by_folder.get(".", ())
    imported = any(
        title in name.replace(".", "/").split("/")
        for file in at_root for name in reader.of(file).imports
    )  # fmt: skip
    above = [parent for parent in parents(folder) if parent != "."]
    return any(parent in by_folder for parent in above) or (folder != "." and imported)


def _rank(file: str) -> tuple[int, str]:
    name = file.rpartition("/")[2]
    return (USUAL.index(name) if name in USUAL else len(USUAL), file)


def _title(file: str) -> str:
    folder, _, name = file.rpartition("/")
    stem = name.removesuffix(".py")
    usual = stem in ("definitions", "repository", "repo", "__init__", "defs", "main")
    return (folder.rpartition("/")[2] if usual and folder else stem) or stem

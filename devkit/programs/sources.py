"""Searches a team's source files: where names are defined, and what is imported.

Loaded by `probe.py` in the team's own interpreter, which knows the syntax: standard library only.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# Folders that tools create; hidden folders, such as environments, are skipped anyway.
TOOL_FOLDERS = ("__pycache__", "node_modules")

# The kinds of occurrences of a name, the most relevant first.
DEFINED, DECLARED, NAMED, MENTIONED = range(4)
DECLARES = re.compile(r"(Spec|SourceAsset|AssetOut|Sensor|Definition)$")


class Sources:
    """The names and imports in Python and YAML files, without environments.

    `paths` are folders and files; the files' names are relative to the folder `base`.
    """

    def __init__(self, paths: Iterable[str], base: str) -> None:
        self._places: dict[str, list[tuple[int, str, int]]] = {}
        self.imports: dict[str, tuple[str, int]] = {}
        for file in sorted({file for path in paths for file in _files(path)}):
            name = Path(os.path.relpath(file, base)).as_posix()
            try:
                text = file.read_bytes()
            except OSError:  # just deleted, or a dangling link
                continue
            if file.suffix == ".py":
                try:
                    tree = ast.parse(text)
                except (SyntaxError, ValueError):  # loading the location reports it
                    continue
                self._read(tree, name)
            else:
                for number, line in enumerate(text.decode(errors="replace").splitlines(), 1):
                    for word in re.findall(r"[\w/]+", line):
                        self._note(word, DECLARED, name, number)

    def place(self, key: str, *, made: bool) -> dict[str, object] | None:
        """The `file` (relative to the base) and `line` that define a key or a name.

        `made` prefers functions of that name; otherwise strings, since an external asset has no
        function.
        """
        whole = self._places.get(key, [])
        last = self._places.get(key.rpartition("/")[2], [])
        if made:  # the name of a function is the last part of a key
            relevant = [place for place in whole if place[0] <= DECLARED]
            found = relevant or [place for place in last if place[0] == DEFINED] or whole or last
        else:
            found = whole or last
            found = [place for place in found if place[0] != DEFINED] or found
        if not found:
            return None
        _, file, line = min(found)
        return {"file": file, "line": line}

    def _read(self, tree: ast.AST, file: str) -> None:  # noqa: C901 (one branch a kind of node)
        own = not re.search(r"(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$|_tests/", file)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._import(alias.name, file, node.lineno)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self._import(node.module, file, node.lineno)
                for imported in node.names:
                    self._import(f"{node.module}.{imported.name}", file, node.lineno)
            elif not own:
                continue
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._note(node.name, DEFINED, file, node.lineno)
            elif isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                kind = DECLARED if DECLARES.search(called) else NAMED
                for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    for text in _texts(argument):
                        self._note(text, kind, file, argument.lineno)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._note(node.value, MENTIONED, file, node.lineno)

    def _import(self, module: str, file: str, line: int) -> None:
        self.imports.setdefault(module, (file, line))

    def _note(self, text: str, kind: int, file: str, line: int) -> None:
        self._places.setdefault(text, []).append((kind, file, line))


def _texts(node: ast.AST) -> Iterator[str]:
    """The text of a string, or of a list of strings that are the parts of an asset key."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, (ast.List, ast.Tuple)):
        parts = [part.value for part in node.elts if isinstance(part, ast.Constant)]
        if len(parts) == len(node.elts) and all(isinstance(part, str) for part in parts):
            yield "/".join(map(str, parts))


def _files(folder: str) -> Iterator[Path]:
    if Path(folder).is_file():
        yield Path(folder)
        return
    for directory, folders, files in os.walk(folder):
        if "pyvenv.cfg" in files:  # an environment that is not hidden
            folders.clear()
            continue
        folders[:] = [n for n in folders if not n.startswith(".") and n not in TOOL_FOLDERS]
        for name in files:
            if name.endswith((".py", ".yaml", ".yml")) and not name.startswith("."):
                yield Path(directory, name)

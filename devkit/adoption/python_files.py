"""Reads Python files without importing them: imports, variables, names of distributions, paths."""

import ast
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from devkit.adoption.tree import Tree

DEFINES = {"Definitions", "definitions", "repository", "RepositoryDefinition", "load_defs"}
READS = {
    "open", "Path", "read_csv", "read_parquet", "read_json", "read_excel", "connect", "read_text",
    "scan_parquet", "scan_csv", "to_csv", "to_parquet", "makedirs", "load_dotenv", "safe_load",
    "listdir", "walk",
}  # fmt: skip
NAME = re.compile(r"[A-Za-z][\w.-]{2,60}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
IN_YAML = re.compile(r"""\benv(?:\.|\(["'])([A-Za-z_]\w*)|\benv:\s*["']?([A-Za-z_]\w*)""")
# What is in a node of the syntax tree and says nothing here: names, operators, values.
LEAVES = {
    ast.Name, ast.Load, ast.Store, ast.Del, int, str, bool, type(None),
    *ast.operator.__subclasses__(), *ast.cmpop.__subclasses__(), *ast.unaryop.__subclasses__(),
    *ast.boolop.__subclasses__(),
}  # fmt: skip
# A relative path, with a folder or an ending of data.
PATH = re.compile(
    r"(?!/|~|\w+://)"
    r"(?:[\w.{} -]+(?:/[\w.{} -]+)+/?|[\w-]+\.(?:csv|json|duckdb|db|parquet|ya?ml|sql))"
)


@dataclass
class Facts:
    """What a Python file says, with the line of each: nothing of it was run.

    `imports` are absolute dotted names; `literals` are texts that could be the
    names of distributions; `defines` is the line where a
    location's definitions are made, 0 if none are.
    """

    imports: dict[str, int] = field(default_factory=dict)
    variables: dict[str, int] = field(default_factory=dict)
    literals: dict[str, int] = field(default_factory=dict)
    paths: dict[str, int] = field(default_factory=dict)
    defines: int = 0
    fault: str | None = None


class Reader:
    """The facts of the files of a tree, each read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.of = cache(self._read)

    def _read(self, file: str) -> Facts:
        facts = Facts()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a literal in the file, which is not ours
                module = ast.parse(self._tree.text(file))
        except (SyntaxError, ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            facts.fault = f"line {line}: {getattr(error, 'msg', error)}" if line else str(error)
            return facts
        package = _package(file)
        texts: dict[str, str] = {}
        inner: set[int] = set()
        for node in _nodes(module):
            for name, line in _imports(node, package):
                facts.imports.setdefault(name, line)
            _paths(node, facts, texts, inner)
            if isinstance(node, ast.Call):
                _call(node, facts, texts)
            elif isinstance(node, ast.Subscript) and _is_environ(node.value):
                _note(facts.variables, node.slice, VARIABLE)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(
                _last_name(one) in DEFINES for one in node.decorator_list
            ):
                facts.defines = facts.defines or node.lineno
            elif isinstance(node, ast.Constant):
                _note(facts.literals, node, NAME)
        return facts


def variables_in_yaml(text: str) -> set[str]:
    """The variables that a component's or resource's YAML names."""
    return {one or other for one, other in IN_YAML.findall(text)}


def is_standard(module: str) -> bool:
    """Whether a module belongs to Python."""
    return module.partition(".")[0] in sys.stdlib_module_names


def is_test(file: str) -> bool:
    """Whether a file is a test, or only there for tests."""
    name = file.rpartition("/")[2]
    return name == "conftest.py" or bool(re.fullmatch(r"test_.*\.py|.*_test\.py", name))


def _nodes(module: ast.AST) -> Iterator[ast.AST]:
    """Every node but names and operators, in the order of the source; `ast.walk` is slow."""
    waiting = [module]
    while waiting:
        node = waiting.pop()
        yield node
        if type(node) is ast.Constant:
            continue
        inner: list[ast.AST] = []
        for value in vars(node).values():
            kind = type(value)
            if kind is list:
                inner += [each for each in value if type(each) not in LEAVES]
            elif kind not in LEAVES:
                inner.append(value)
        waiting += reversed(inner)


def _package(file: str) -> list[str]:
    """The folders of a file as parts of a dotted name: what a relative import counts from."""
    return file.split("/")[:-1]


def _imports(node: ast.AST, package: list[str]) -> Iterator[tuple[str, int]]:
    """Absolute names, and relative ones as `/` and the path below the root."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        names = [alias.name for alias in node.names]
        if node.level:
            base = package[: len(package) - node.level + 1]
            start = "/".join([*base, *(node.module or "").split(".")]).rstrip("/")
            yield from ((f"/{start}/{name}", node.lineno) for name in names)
        elif node.module:
            yield from ((f"{node.module}.{name}", node.lineno) for name in names)


def _call(node: ast.Call, facts: Facts, texts: Mapping[str, str]) -> None:
    called = _last_name(node.func)
    if called in DEFINES:
        facts.defines = facts.defines or node.lineno
    first = node.args[0] if node.args else None
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if first is None:
        return
    if called in ("getenv", "EnvVar", "IntEnvVar") or (
        owner is not None and (_is_environ(owner) or _last_name(owner) == "EnvVar")
    ):
        _note(facts.variables, first, VARIABLE)
    if called in READS:
        _note_path(first, facts, texts)
    if called == "import_module" and isinstance(first, ast.Constant):
        _note(facts.imports, first, re.compile(r"[\w.]+"))


def _paths(node: ast.AST, facts: Facts, texts: dict[str, str], inner: set[int]) -> None:
    """Remember the texts that have names, and note paths put together with `/`: the whole ones."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        if text := _text(node.value, texts):
            texts[node.targets[0].id] = text
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        inner.add(id(node.left))
        if id(node) not in inner:
            _note_path(node, facts, texts)


def _note_path(node: ast.expr, facts: Facts, texts: Mapping[str, str]) -> None:
    text = _text(node, texts)
    if text and PATH.fullmatch(text):
        facts.paths.setdefault(text, node.lineno)


def _text(node: ast.AST, texts: Mapping[str, str]) -> str | None:
    """The text that an expression is, with the names in it that are one; as a path, if it is."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return texts.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div)):
        parts, between = [node.left, node.right], "/" if isinstance(node.op, ast.Div) else ""
    elif isinstance(node, ast.Call) and _last_name(node.func) in ("Path", "join"):
        parts, between = node.args, "/"
    else:
        return None
    found = [_text(part, texts) for part in parts]
    return between.join(part for part in found if part) if found and all(found) else None


def _note(found: dict[str, int], node: ast.AST, pattern: re.Pattern[str]) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):  # noqa: SIM102 (types)
        if pattern.fullmatch(node.value):
            found.setdefault(node.value, node.lineno)


def _is_environ(node: ast.AST) -> bool:
    return _last_name(node) == "environ"


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return str(getattr(node, "attr", getattr(node, "id", "")))

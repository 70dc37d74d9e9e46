"""Reads setup.py, without running it, and setup.cfg."""

import ast
import configparser
import re
from collections.abc import Iterator

from devkit.adoption import requirements_txt
from devkit.adoption.model import below
from devkit.adoption.needs import Needs, is_valid
from devkit.adoption.tree import Tree

DEV_EXTRAS = ("dev", "test", "tests", "testing", "development")


def read(tree: Tree, folder: str) -> Needs:
    """What a folder's setup.py says, else its setup.cfg: literals, and names of literals."""
    script, settings = below(folder, "setup.py"), below(folder, "setup.cfg")
    found = _script(tree, folder, script) if tree.has(script) else Needs()
    return found or (_settings(tree, settings) if tree.has(settings) else found)


def is_project(tree: Tree, folder: str) -> bool:
    """Whether a folder is a project by one of these files: setup.cfg may only configure tools."""
    settings = below(folder, "setup.cfg")
    return tree.has(below(folder, "setup.py")) or bool(
        tree.has(settings)
        and re.search(r"^\[(metadata|options)\]", tree.text(settings), re.MULTILINE)
    )


def name(tree: Tree, folder: str) -> str:
    """The name of the distribution; empty if it is no literal."""
    script, settings = below(folder, "setup.py"), below(folder, "setup.cfg")
    call = _call(tree.text(script))
    for keyword in call[0].keywords if call else ():
        if keyword.arg == "name":
            return next(iter(_texts(keyword.value, call[1] if call else {})), "")
    parsed = _parsed(tree.text(settings))
    return parsed.get("metadata", "name", fallback="")


def _script(tree: Tree, folder: str, file: str) -> Needs:
    found = _call(tree.text(file))
    if not found:
        return Needs(notes=(f"{file}: it has no call of setup() that can be read",))
    call, names = found
    fields = {keyword.arg: keyword.value for keyword in call.keywords}
    extras: list[str] = []
    groups = _resolved(fields.get("extras_require"), names)
    if isinstance(groups, ast.Dict):
        for key, value in zip(groups.keys, groups.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in DEV_EXTRAS:
                extras += _texts(value, names)
    places = {
        field: f"{file}:{given.lineno}"
        for argument, field in (("install_requires", "dependencies"), ("extras_require", "dev"),
                            ("python_requires", "requires_python"))
        if (given := fields.get(argument))
    }  # fmt: skip
    needs = fields.get("install_requires")
    wanted = [text for text in _texts(needs, names) if is_valid(text)] if needs else []
    result = Needs(
        dependencies=tuple(wanted),
        dev=tuple(text for text in extras if is_valid(text)),
        requires_python=next(iter(_texts(fields.get("python_requires"), names)), ""),
        found=places,
    )
    if needs is not None and not wanted and "requirement" in ast.unparse(needs):
        return result.plus(requirements_txt.read(tree, folder))
    return result


def _call(text: str) -> tuple[ast.Call, dict[str, ast.expr]] | None:
    """The call of setup() in a script, and what its names stand for."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    names: dict[str, ast.expr] = {}
    found = None
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node.value
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            found = node if called == "setup" else found
    return (found, names) if found else None


def _resolved(node: ast.expr | None, names: dict[str, ast.expr]) -> ast.expr | None:
    return names.get(node.id, node) if isinstance(node, ast.Name) else node


def _texts(value: ast.expr | None, names: dict[str, ast.expr], depth: int = 0) -> Iterator[str]:
    """The texts in a literal, a sum of lists, or a name of one; of an f-string, how it begins."""
    node = _resolved(value, names)
    if node is None or depth > 5:  # noqa: PLR2004 (a name that stands for itself)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for item in node.elts:
            inner = item.value if isinstance(item, ast.Starred) else item
            yield from _texts(inner, names, depth + 1)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _texts(node.left, names, depth + 1)
        yield from _texts(node.right, names, depth + 1)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, names, depth + 1)
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        yield str(node.values[0].value)


def _settings(tree: Tree, file: str) -> Needs:
    parsed = _parsed(tree.text(file))
    extras = [
        line for extra in DEV_EXTRAS
        for line in parsed.get("options.extras_require", extra, fallback="").splitlines()
    ]  # fmt: skip
    wanted = parsed.get("options", "install_requires", fallback="").splitlines()
    return Needs(
        dependencies=tuple(line.strip() for line in wanted if is_valid(line.strip())),
        dev=tuple(line.strip() for line in extras if is_valid(line.strip())),
        requires_python=parsed.get("options", "python_requires", fallback="").strip(),
        found={"dependencies": tree.place(file, "install_requires")},
    )


def _parsed(text: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(text)
    except configparser.Error:
        return configparser.ConfigParser()
    return parsed

"""Reads the tables of Poetry and Pipfiles, and writes their versions as PEP 440 has them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from devkit.adoption.model import below
from devkit.adoption.needs import Needs, unique
from devkit.adoption.tree import Tree, joined

DEV_GROUPS = ("dev", "test", "tests")


def read(tree: Tree, folder: str) -> Needs:
    """What `[tool.poetry]` in a folder's pyproject.toml needs; nothing if it has none."""
    file = below(folder, "pyproject.toml")
    table = tree.toml(file).get("tool", {}).get("poetry", {})
    main = dict(table.get("dependencies", {}))
    python = main.pop("python", "")
    groups = [table.get("dev-dependencies", {})]
    groups += [
        group.get("dependencies", {})
        for name, group in table.get("group", {}).items()
        if name in DEV_GROUPS
    ]
    dev = [text for group in groups for text, _ in _requirements(group)]
    needs = list(_requirements(main))
    paths = {
        path: tree.place(file, rf"^[\"']?{re.escape(name)}\b")
        for name, value in main.items()
        if isinstance(value, Mapping) and "path" in value
        if (path := joined(folder, str(value["path"])))
    }
    return Needs(
        dependencies=unique(text for text, _ in needs),
        dev=unique(dev),
        requires_python=specifier(python) if isinstance(python, str) else "",
        paths=paths,
        found={
            "dependencies": tree.place(file, r"^\[tool\.poetry\.dependencies\]"),
            "dev": tree.place(file, r"^\[tool\.poetry\.(group\.(dev|tests?)|dev-)"),
            "requires_python": tree.place(file, r"^python\s*="),
        },
        notes=tuple(f"{file}: {note}" for _, note in needs if note),
    )


def read_pipfile(tree: Tree, folder: str) -> Needs:
    """What a folder's Pipfile needs."""
    file = below(folder, "Pipfile")
    document = tree.toml(file)
    version = document.get("requires", {}).get("python_version", "")
    packages = document.get("packages", {})
    paths = {
        path: tree.place(file, rf"^[\"']?{re.escape(name)}\b")
        for name, value in packages.items()
        if isinstance(value, Mapping) and "path" in value
        if (path := joined(folder, str(value["path"])))
    }
    return Needs(
        dependencies=unique(text for text, _ in _requirements(packages)),
        dev=unique(text for text, _ in _requirements(document.get("dev-packages", {}))),
        requires_python=f"=={version}.*" if version else "",
        paths=paths,
        found={"dependencies": tree.place(file, r"^\[packages\]")},
    )


def specifier(text: str) -> str:
    """Poetry's `^1.2`, `~1.2`, `1.2` or `*` as a specifier; empty if it can't be written as one."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    written = ",".join(filter(None, map(_part, parts)))
    try:
        return str(SpecifierSet(written)) if written else ""
    except InvalidSpecifier:
        return ""


def _part(text: str) -> str:
    if text == "*":
        return ""
    if text[0] not in "^~" or text.startswith("~="):
        return text.replace(" ", "") if text[0] in "<>=!~" else f"=={text}"
    version = text[1:].strip()
    numbers = [int(number) for number in re.findall(r"\d+", version.partition("-")[0])][:3]
    if text[0] == "~":
        place = 1 if len(numbers) > 1 else 0
    else:  # the first that is not zero may not change
        place = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
    upper = [*numbers[:place], numbers[place] + 1]
    return f">={version},<{'.'.join(map(str, upper))}"


def _requirements(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Requirements, and notes on what can't be written as one."""
    for name, value in table.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                written = specifier(each)
                lost = f"{name}: the version {each} is not taken over" if _is_lost(each) else ""
                yield f"{name}{written}", lost
            elif isinstance(each, Mapping) and "path" not in each:
                yield _from_table(name, each), ""


def _is_lost(text: str) -> bool:
    return text.strip() not in ("*", "") and not specifier(text)


def _from_table(name: str, table: Mapping[str, Any]) -> str:
    extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
    markers = [str(table["markers"])] if table.get("markers") else []
    if isinstance(table.get("python"), str):
        markers += [
            f"python_version {one.operator} '{one.version}'"
            for one in SpecifierSet(specifier(table["python"]))
        ]
    marker = f" ; {' and '.join(markers)}" if markers else ""
    if "git" in table:
        revision = table.get("rev") or table.get("tag") or table.get("branch") or table.get("ref")
        at = f"@{revision}" if revision else ""
        return f"{name}{extras} @ git+{table['git']}{at}{marker}"
    if "url" in table:
        return f"{name}{extras} @ {table['url']}{marker}"
    return f"{name}{extras}{specifier(str(table.get('version', '*')))}{marker}"

"""Reads pyproject.toml files (https://packaging.python.org/specifications/pyproject-toml)."""

import re
import reprlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from devkit.core import files, python_range, toml
from devkit.core.errors import DevkitError
from devkit.core.paths import shown

FILE = "pyproject.toml"
# The name in a requirement that is not PEP 508, for a tool other than pip.
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def _is_strings(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(item, str) for item in found)


def _is_table(found: object) -> bool:
    return isinstance(found, dict)


def _is_text(found: object) -> bool:
    return isinstance(found, str)


def _is_table_of_strings(found: object) -> bool:
    return isinstance(found, dict) and all(map(_is_strings, found.values()))


def _is_table_of_groups(found: object) -> bool:
    return isinstance(found, dict) and all(
        isinstance(group, list) and all(isinstance(item, (str, dict)) for item in group)
        for group in found.values()
    )


def _is_specifier(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _is_seconds(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and found > 0


# The types of the fields that the kit reads, tables before what is in them.
TYPES: dict[tuple[str, ...], tuple[str, Callable[[object], bool]]] = {
    ("project",): ("a table", _is_table),
    ("project", "name"): ("text", _is_text),
    ("project", "version"): ("text", _is_text),
    ("project", "requires-python"): ("a specifier such as '>=3.11'", _is_specifier),
    ("project", "dependencies"): ("a list of texts", _is_strings),
    ("project", "optional-dependencies"): ("a table of lists of texts", _is_table_of_strings),
    ("dependency-groups",): ("a table of lists", _is_table_of_groups),
    ("tool",): ("a table", _is_table),
    ("tool", "dagteam"): ("a table", _is_table),
    ("tool", "dagteam", "load-timeout"): ("a number of seconds", _is_seconds),
    ("tool", "dagteam", "external"): ("a list of texts", _is_strings),
    ("tool", "uv"): ("a table", _is_table),
    ("tool", "uv", "sources"): ("a table", _is_table),
}


@dataclass(frozen=True)
class Pyproject:
    """A parsed pyproject.toml."""

    file: Path
    document: dict[str, Any]

    @property
    def project(self) -> dict[str, Any]:
        """The table `[project]`; empty if it is missing."""
        return self._table("project")

    @property
    def groups(self) -> dict[str, Any]:
        """The table `[dependency-groups]` (PEP 735); empty if it is missing."""
        return self._table("dependency-groups")

    def tool(self, name: str) -> dict[str, Any]:
        """The table `[tool.NAME]`; empty if it is missing."""
        found = self._table("tool").get(name, {})
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """The normalized name of the distribution.

        Raises:
            DevkitError: if there is none.
        """
        name = self.project.get("name")
        if name is None:
            raise DevkitError(
                f"{shown(self.file)} has no project name",
                expected="`name` in the table `[project]`",
                fix=f"edit {shown(self.file)}",
            )
        return canonicalize_name(name)

    @property
    def requires_python(self) -> str:
        """The project's `requires-python` (PEP 440); empty if it is missing."""
        found: str = self.project.get("requires-python", "")
        return found

    @property
    def oldest_python(self) -> str:
        """The oldest Python that the project's environment may have: see `python_range`."""
        return python_range.oldest(self.requires_python, self.file.parent)

    @property
    def direct_dependencies(self) -> set[str]:
        """The normalized names of all packages that it lists, in extras and groups too."""
        return self.listed(self.groups)

    def listed(self, groups: Iterable[str] = ()) -> set[str]:
        """The normalized names of the packages that it lists: with extras, and these groups."""
        optional = self.project.get("optional-dependencies", {})
        requirements = [*self.project.get("dependencies", []), *chain(*optional.values())]
        waiting, seen = [*groups], set()
        while waiting:
            group = waiting.pop()
            if group not in seen:
                seen.add(group)
                found = self.groups.get(group, [])
                requirements += [item for item in found if isinstance(item, str)]
                included = [item for item in found if isinstance(item, dict)]
                waiting += [str(table.get("include-group")) for table in included]
        return set(map(package_name, requirements))

    @property
    def sources(self) -> dict[str, list[dict[str, Any]]]:
        """Where uv gets packages from: the tables in `[tool.uv.sources]` by normalized name."""
        return {
            canonicalize_name(name): [
                each for each in (value if isinstance(value, list) else [value])
                if isinstance(each, dict)
            ]
            for name, value in self.tool("uv").get("sources", {}).items()
        }  # fmt: skip

    @property
    def shown(self) -> str:
        """The file's path as messages show it: relative to the root if it is below it."""
        return shown(self.file)

    def _table(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.document.get(name, {})
        return found


def read(folder: Path) -> Pyproject:
    """Read the pyproject.toml of a folder.

    Raises:
        DevkitError: if it is missing, can't be read or is invalid, with the line.
    """
    file = folder / FILE
    text = files.read_text(file)
    document = toml.parse(text, file)
    _require_types(file, text, document)
    return Pyproject(file, document)


def package_name(requirement: str) -> str:
    """The normalized name of the package in `dagster`, `Dagster_K8s` or `dagster<1.13`."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        found = NAME.match(requirement.strip())
        return canonicalize_name(found[0] if found else requirement)


def _require_types(file: Path, text: str, document: dict[str, Any]) -> None:
    """Require that the fields that the kit reads have the types of the specification."""
    for path, (expected, is_valid) in TYPES.items():
        found: Any = document
        for name in path:  # a table above that is none was refused before
            found = found.get(name) if isinstance(found, dict) else None
        if found is not None and not is_valid(found):
            line = _line_of(path[-1], text)
            raise DevkitError(
                f"{shown(file)}{f', line {line}' if line else ''}: {'.'.join(path)} is not "
                f"{expected}",
                expected=f"`{'.'.join(path)}`: {expected}",
                found=reprlib.repr(found),
                fix=f"edit {shown(file)}",
            )


def _line_of(name: str, text: str) -> int | None:
    """The first line that sets a field or begins its table."""
    found = re.search(rf"^[ \t]*\[*(?:[\w.\"'-]*\.)?[\"']?{re.escape(name)}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None

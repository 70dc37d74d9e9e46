"""Reads pyproject.toml files (https://packaging.python.org/specifications/pyproject-toml)."""

import re
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from devkit.core import fields, files, poetry, python_range, setuptools, toml
from devkit.core.errors import DevkitError
from devkit.core.paths import shown

FILE = "pyproject.toml"
# The name in a requirement that is not PEP 508, for a tool other than pip.
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


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
        name = self.project.get("name") or self._setup.get("name")
        name = name or self.tool("poetry").get("name")
        if not isinstance(name, str):
            raise DevkitError(
                f"{shown(self.file)} has no project name",
                expected="`name` in the table `[project]`",
                fix=f"edit {shown(self.file)}",
            )
        return canonicalize_name(name)

    @property
    def version(self) -> str:
        """The version; "0" also stands for a dynamic one."""
        found = self.project.get("version") or self._setup.get("version")
        return str(found or self.tool("poetry").get("version") or "0")

    @property
    def requires_python(self) -> str:
        """The project's `requires-python` (PEP 440); empty if it is missing."""
        table = self.tool("poetry").get("dependencies", {})
        named = table.get("python") if isinstance(table, dict) else None
        found = (
            self.project.get("requires-python")
            or self._setup.get("python_requires")
            or (poetry.as_specifier(named) if isinstance(named, str) else "")
        )
        return str(found) if fields.is_specifier(found) else ""

    @property
    def is_package(self) -> bool:
        """Whether it is installed: it has a build backend, and does not opt out of it."""
        if self.tool("uv").get("package") is False:
            return False
        return "build-system" in self.document or setuptools.has_project(self.file.parent)

    @property
    def _setup(self) -> dict[str, Any]:
        """What setup.py and setup.cfg say, for a project without a table `[project]`."""
        return {} if self.project else setuptools.arguments(self.file.parent)

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
        return set(map(package_name, self.requirements(groups)))

    def requirements(self, groups: Iterable[str] = ()) -> list[str]:
        """The requirements that it lists (PEP 508): with those of extras, and of these groups."""
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
        return requirements

    @property
    def sources(self) -> dict[str, list[dict[str, Any]]]:
        """Where packages come from, by normalized name: the tables in `[tool.uv.sources]`.

        And the tables with a path among the dependencies of poetry.
        """
        found: dict[str, list[dict[str, Any]]] = {
            canonicalize_name(name): [
                each for each in (value if isinstance(value, list) else [value])
                if isinstance(each, dict)
            ]
            for name, value in self.tool("uv").get("sources", {}).items()
        }  # fmt: skip
        for name, value in poetry.dependencies(self.tool("poetry")):
            if isinstance(value, dict) and "path" in value:
                found.setdefault(canonicalize_name(name), [{"path": value["path"]}])
        return found

    @property
    def shown(self) -> str:
        """The file's path as messages show it: relative to the root if it is below it."""
        return shown(self.file)

    def _table(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.document.get(name, {})
        return found


def is_project(folder: Path) -> bool:
    """Whether a folder has a project: a pyproject.toml, or a setup.py without one."""
    return (folder / FILE).is_file() or setuptools.has_project(folder)


def read(folder: Path) -> Pyproject:
    """Read the pyproject.toml of a folder; a project of setuptools alone has an empty one.

    Raises:
        DevkitError: if it is missing, can't be read or is invalid, with the line.
    """
    file = folder / FILE
    if not file.exists() and setuptools.has_project(folder):
        names = (folder / name for name in setuptools.FILES)
        return Pyproject(next(path for path in names if path.is_file()), {})
    return _parsed(file, files.read_text(file))


@lru_cache(maxsize=1024)
def _parsed(file: Path, text: str) -> Pyproject:
    """A file with this text: many ask for the same one, and parsing takes most of the time."""
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
    for path, (expected, is_valid) in fields.TYPES.items():
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

"""Reads pyproject.toml files (https://packaging.python.org/specifications/pyproject-toml)."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from devkit.core import pythons
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT

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
        name = self.project.get("name")
        if not isinstance(name, str):
            raise DevkitError(
                f"{_shown(self.file)} has no project name",
                expected="`name` in the table `[project]`",
                fix=f"edit {_shown(self.file)}",
            )
        return canonicalize_name(name)

    @property
    def requires_python(self) -> str:
        """The project's `requires-python` (PEP 440); empty if it is missing.

        Raises:
            DevkitError: if it is not a valid specifier.
        """
        text = self.project.get("requires-python", "")
        if not _is_specifier(text):
            raise DevkitError(
                f"{_shown(self.file)}: invalid requires-python",
                expected="a specifier such as '>=3.11'",
                found=repr(text),
                fix=f"edit {_shown(self.file)}",
            )
        found: str = text
        return found

    @property
    def oldest_python(self) -> str:
        """The oldest Python that both the project and the kit support.

        Raises:
            DevkitError: as `requires_python`.
        """
        lowest = [
            Version(specifier.version.removesuffix(".*"))
            for specifier in SpecifierSet(self.requires_python)
            if specifier.operator in (">=", "~=", "==")
        ]
        return str(max([Version(pythons.OLDEST), *lowest]))

    @property
    def direct_dependencies(self) -> set[str]:
        """The normalized names of all packages that it lists, in extras and groups too.

        Raises:
            DevkitError: as `listed`.
        """
        return self.listed(self.groups)

    def listed(self, groups: Iterable[str] = ()) -> set[str]:
        """The normalized names of the packages that it lists: with extras, and these groups.

        Raises:
            DevkitError: if they are not lists of strings.
        """
        names = [*self._requirements("dependencies", self.project.get("dependencies", []))]
        optional = self.project.get("optional-dependencies", {})
        if not isinstance(optional, dict):
            raise self._wrong("optional-dependencies", "a table of lists", optional)
        for extra, requirements in optional.items():
            names += self._requirements(f"optional-dependencies.{extra}", requirements)
        waiting, seen = [*groups], set()
        while waiting:
            group = waiting.pop()
            if group in seen or group not in self.groups:
                continue
            seen.add(group)
            found = self.groups[group]
            if not isinstance(found, list):
                raise self._wrong(f"dependency-groups.{group}", "a list", found)
            tables = [item for item in found if isinstance(item, dict)]
            waiting += [str(table.get("include-group")) for table in tables]
            plain = [item for item in found if not isinstance(item, dict)]
            names += self._requirements(f"dependency-groups.{group}", plain)
        return set(map(package_name, names))

    @property
    def sources(self) -> dict[str, list[dict[str, Any]]]:
        """Where uv gets packages from: the tables in `[tool.uv.sources]` by normalized name."""
        found = self.tool("uv").get("sources", {})
        return {
            canonicalize_name(name): [
                each for each in (value if isinstance(value, list) else [value])
                if isinstance(each, dict)
            ]
            for name, value in (found.items() if isinstance(found, dict) else ())
        }  # fmt: skip

    @property
    def shown(self) -> str:
        """The file's path as messages show it: relative to the root if it is below it."""
        return _shown(self.file)

    def _requirements(self, field: str, found: object) -> list[str]:
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self._wrong(field, "a list of requirements, each a string", found)
        return found

    def _wrong(self, field: str, expected: str, found: object) -> DevkitError:
        return DevkitError(
            f"{self.shown}: invalid {field}",
            expected=expected,
            found=repr(found),
            fix=f"edit {self.shown}",
        )

    def _table(self, name: str) -> dict[str, Any]:
        found = self.document.get(name, {})
        return found if isinstance(found, dict) else {}


def read(folder: Path) -> Pyproject:
    """Read the pyproject.toml of a folder.

    Raises:
        DevkitError: if it is missing, can't be read or is invalid, with the line.
    """
    file = folder / FILE
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DevkitError(f"{_shown(file)} not found", fix=f"create {_shown(file)}") from None
    except UnicodeDecodeError:
        raise DevkitError(
            f"{_shown(file)} is not valid UTF-8", fix=f"save {_shown(file)} as UTF-8"
        ) from None
    except OSError as error:
        raise DevkitError(f"{_shown(file)} can't be read: {error.strerror or error}") from None
    except tomllib.TOMLDecodeError as error:
        raise DevkitError(
            f"{_shown(file)}: invalid TOML: {error}", fix=f"edit {_shown(file)}"
        ) from None
    return Pyproject(file, document)


def package_name(requirement: str) -> str:
    """The normalized name of the package in `dagster`, `Dagster_K8s` or `dagster<1.13`."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        found = NAME.match(requirement.strip())
        return canonicalize_name(found[0] if found else requirement)


def _shown(file: Path) -> str:
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)


def _is_specifier(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True

"""Reads pyproject.toml files (https://packaging.python.org/specifications/pyproject-toml)."""

import re
import tomllib
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
        """The normalized names of all packages that it lists, in extras and groups too."""
        optional = self.project.get("optional-dependencies", {})
        lists = [self.project.get("dependencies", []), *optional.values(), *self.groups.values()]
        return {
            package_name(requirement)
            for requirements in lists
            for requirement in requirements
            if isinstance(requirement, str)  # a table includes another group
        }

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

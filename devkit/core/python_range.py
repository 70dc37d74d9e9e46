"""Which Pythons a project may have: for its environment, its locks and its image."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from devkit.core import files, pythons
from devkit.core.paths import REGISTRY

VERSION_FILE = ".python-version"  # as pyenv and uv read it
MAX_PATCH = 40
RELEASE = re.compile(r"^(?:cpython-?)?(\d+\.\d+)(\.\d+)?[ \t]*$", re.MULTILINE)
BOUNDS = (">=", "~=", "==", ">")


def wanted(requires: str, folder: Path) -> str:
    """The specifier (PEP 440) of the Pythons that a project's environment may have.

    It is the project's `requires-python`, without versions that are older than the kit's, unless it
    allows no others. A `.python-version` in the project's folder, or in one above it in the
    repository, chooses among them.
    """
    chosen = f"=={pinned}.*" if (pinned := _pinned(folder)) else ""
    both = ",".join(filter(None, [requires, chosen]))
    allowed = both if chosen and _allows(both, pythons.TEAMS) else requires
    oldest = pythons.OLDEST if _allows(allowed, pythons.SUPPORTED) else pythons.TEAMS_OLDEST
    has_bound = Version(_lowest(allowed) or "0") >= Version(oldest)
    return allowed if has_bound else ",".join(filter(None, [allowed, f">={oldest}"]))


def oldest(requires: str, folder: Path) -> str:
    """The oldest Python that a project's environment may have: its locks are resolved for it."""
    return _lowest(wanted(requires, folder)) or pythons.OLDEST


def nearest(requires: str, folder: Path, usual: str = pythons.DEPLOYED) -> str:
    """The minor version of a deployment: the usual one, or the nearest one that is allowed.

    An older one is preferred to a newer one.
    """
    allowed = wanted(requires, folder)
    place = pythons.TEAMS.index(usual)
    order = chain(reversed(pythons.TEAMS[: place + 1]), pythons.TEAMS[place + 1 :])
    return next((each for each in order if _allows(allowed, [each])), usual)


def _allows(specifier: str, minors: Iterable[str]) -> bool:
    """Whether a specifier allows some release of one of these minor versions."""
    return any(SpecifierSet(specifier).filter(chain.from_iterable(map(_releases, minors))))


def _releases(minor: str) -> Iterator[str]:
    return (f"{minor}.{patch}" for patch in range(MAX_PATCH))


def _lowest(specifier: str) -> str:
    """The highest lower bound of a specifier; empty if it has none."""
    bounds = [
        Version(each.version.removesuffix(".*"))
        for each in SpecifierSet(specifier)
        if each.operator in BOUNDS
    ]
    return str(max(bounds)) if bounds else ""


def _pinned(folder: Path) -> str | None:
    """The minor version that the nearest `.python-version` names; None if there is none."""
    above = [folder, *folder.parents]
    root = next((n for n, each in enumerate(above) if (each / REGISTRY.name).exists()), 0)
    for each in above[: root + 1]:
        if (file := each / VERSION_FILE).is_file():
            found = RELEASE.search(files.read_text(file))
            return found[1] if found else None
    return None

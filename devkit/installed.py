"""What is installed in which environment: one table of who has what."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from devkit.environments import SHARED, orchestrator_environment
from devkit.workspace import Team

# What a platform's rooms must agree on, or may not; utils' own requirements come with it.
ALWAYS = ("dagster", "dagteam-utils")
UNKNOWN = "-"


@dataclass(frozen=True)
class SharedProject:
    """What utils' pyproject.toml requires: requirements (PEP 508) and Pythons (PEP 440)."""

    requirements: tuple[str, ...]
    python: str


def shared_project() -> SharedProject:
    """Read utils' project."""
    with (SHARED / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    return SharedProject(tuple(project["dependencies"]), project.get("requires-python", ""))


def project_name(folder: Path) -> str:
    """The name of the distribution that a folder's pyproject.toml makes."""
    with (folder / "pyproject.toml").open("rb") as file:
        name: str = tomllib.load(file)["project"]["name"]
    return name


def normalised(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(environment: Path) -> dict[str, str]:
    """The distributions in an environment: normalised names (PEP 503) and versions.

    Read from the names of their `.dist-info` folders, as the specification of recording
    installed projects has them; nothing if there is no environment.
    """
    found = {}
    for folder in site_packages(environment):
        for entry in folder.iterdir():
            if entry.name.endswith(".dist-info"):
                name, _, version = entry.name.removesuffix(".dist-info").partition("-")
                found[normalised(name)] = version
    return found


def modules(environment: Path) -> set[str]:
    """The names of the modules and packages at the top of an environment."""
    found = (entry for folder in site_packages(environment) for entry in folder.iterdir())
    return {entry.name.partition(".")[0] for entry in found if "-" not in entry.name}


def table(teams: Sequence[Team]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Columns and rows: each room and its versions of what the rooms have in common."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    wanted = dict.fromkeys(
        [*ALWAYS, *(canonicalize_name(Requirement(r).name) for r in shared_project().requirements)]
    )
    rooms = [("orchestrator", orchestrator_environment().path)]
    rooms += [(team.name, team.environment) for team in teams]
    rows: list[Sequence[str]] = []
    for name, environment in rooms:
        has = distributions(environment)
        rows.append(
            (name, python_version(environment), *(has.get(package, UNKNOWN) for package in wanted))
        )
    return ("room", "python", *wanted), rows


def site_packages(environment: Path) -> Iterator[Path]:
    """The folders that an environment's packages are in: one, if it is there."""
    yield from environment.glob("lib/python3.*/site-packages")


def python_version(environment: Path) -> str:
    """The version that an environment's `pyvenv.cfg` names, else UNKNOWN."""
    config = environment / "pyvenv.cfg"
    for line in config.read_text().splitlines() if config.exists() else ():
        key, _, value = line.partition("=")
        if key.strip() in ("version", "version_info"):
            return value.strip()
    return UNKNOWN

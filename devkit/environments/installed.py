"""What is installed in an environment, read from the names of its folders."""

from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

UNKNOWN = "-"


def distributions(environment: Path) -> dict[str, str]:
    """The distributions in an environment: normalized names and versions.

    Read from the names of their `.dist-info` folders
    (https://packaging.python.org/specifications/recording-installed-packages); none if there is
    no environment.
    """
    found: dict[str, str] = {}
    for folder in site_packages(environment):
        for entry in folder.iterdir():
            if entry.name.endswith(".dist-info"):
                name, _, version = entry.name.removesuffix(".dist-info").partition("-")
                found[canonicalize_name(name)] = version
    return found


def modules(environment: Path) -> set[str]:
    """The names of the top-level modules and packages in an environment."""
    found = (entry for folder in site_packages(environment) for entry in folder.iterdir())
    return {entry.name.partition(".")[0] for entry in found if "-" not in entry.name}


def site_packages(environment: Path) -> Iterator[Path]:
    """The folders of an environment's packages: one, if it exists."""
    yield from environment.glob("lib/python3.*/site-packages")


def python_version(environment: Path) -> str:
    """The Python version that an environment's `pyvenv.cfg` names, else UNKNOWN."""
    config = environment / "pyvenv.cfg"
    for line in config.read_text(encoding="utf-8").splitlines() if config.exists() else ():
        key, _, value = line.partition("=")
        if key.strip() in ("version", "version_info"):
            return value.strip()
    return UNKNOWN

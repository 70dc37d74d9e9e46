"""Lists what is installed in an environment, without starting its Python."""

from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from devkit.core import uv

UNKNOWN = "-"


def distributions(environment: Path) -> dict[str, str]:
    """The versions of the distributions in an environment by normalized name.

    Read from the names of their `.dist-info` folders
    (https://packaging.python.org/specifications/recording-installed-packages). Empty if the
    environment does not exist.
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
    """The environment's `site-packages` folder, if it exists."""
    yield from environment.glob("lib/python3.*/site-packages")


def python_version(environment: Path) -> str:
    """The Python version in an environment's `pyvenv.cfg`; UNKNOWN if it has none."""
    config = environment / "pyvenv.cfg"
    for line in config.read_text(encoding="utf-8").splitlines() if config.exists() else ():
        key, _, value = line.partition("=")
        if key.strip() in ("version", "version_info"):
            return value.strip()
    return UNKNOWN


def conflicts(python: Path) -> str | None:
    """Conflicts between the packages of an interpreter, as uv reports them; None without any."""
    done = uv.ask("pip", "check", "--python", python)
    return done.combined if done.code else None

"""What uv gets of the user's settings: where packages come from and how, never which.

Variables and files of the user may name an index, a proxy, a certificate or a cache. Whatever else
they set (a resolution, constraints, dates, targets) would make locks and environments differ from
machine to machine: only a project's own `[tool.uv]` decides that. Files above the checkout do not
count at all. Settings and their files: https://docs.astral.sh/uv/reference/settings/

Standard library only: `bootstrap` needs it.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from devkit.core import toml
from devkit.core.environ import clean_environment
from devkit.core.files import replace_text
from devkit.core.paths import ROOT, STATE

FILE = "uv.toml"
PYPROJECT = "pyproject.toml"
FOLDER = STATE / "uv"

# Settings of the user's that count. A variable's name is `UV_` and a setting's in capitals.
SETTINGS = frozenset({
    "index", "default-index", "index-url", "extra-index-url", "find-links", "no-index",
    "index-strategy", "keyring-provider", "github-token", "credentials-dir",
    "native-tls", "system-certs", "allow-insecure-host", "insecure-host",
    "http-proxy", "https-proxy", "no-proxy", "http-timeout", "http-connect-timeout",
    "http-retries", "request-timeout", "offline",
    "cache-dir", "no-cache", "lock-timeout", "link-mode", "compile-bytecode", "no-progress",
    "no-build", "no-build-package", "no-binary", "no-binary-package",
    "concurrent-downloads", "concurrent-builds", "concurrent-installs",
    "python-downloads", "python-downloads-json-url", "python-install-dir", "python-cache-dir",
    "python-install-mirror", "pypy-install-mirror", "python-preference", "managed-python",
    "no-managed-python", "astral-mirror-url",
})  # fmt: skip
CREDENTIALS = re.compile(r"UV_INDEX_\w+_(USERNAME|PASSWORD)")


def environment(settings: Path | None = None) -> dict[str, str]:
    """The variables for uv; `settings` is a folder with the user's settings instead of their own.

    Other programs that uv runs, such as Git, find their settings as usual.
    """
    kept = {name: value for name, value in clean_environment().items() if _counts(name)}
    if settings is None:
        return kept
    return {**kept, "XDG_CONFIG_HOME": str(settings), "UV_NO_SYSTEM_CONFIG": "1"}


def prepared(project: Path | None = None) -> tuple[tuple[str, ...], dict[str, str]]:
    """The first options of uv, and its variables, for the project in a folder (default: none).

    Raises:
        DevkitError: if a file with the user's settings can't be read.
        OSError: if the settings can't be written.
    """
    options = ("--project", str(project)) if project else ()
    users = {key: value for key, value in _users().items() if _is_setting(key, value)}
    if users.get("pip"):
        users["pip"] = {key: each for key, each in users["pip"].items() if key in SETTINGS}
    folder = _written(toml.text(users)) if users else None
    if _has_settings(project or ROOT):  # uv finds them, and merges those of the user
        return options, environment(folder or (_written("") if any(_files()) else None))
    if folder is None:
        return (*options, "--no-config"), environment()
    return (*options, "--config-file", str(folder / "uv" / FILE)), environment()


def _counts(variable: str) -> bool:
    """Whether uv gets a variable."""
    if not variable.startswith("UV_") or CREDENTIALS.fullmatch(variable):
        return True
    return variable.removeprefix("UV_").lower().replace("_", "-") in SETTINGS


def _is_setting(key: str, value: object) -> bool:
    return key in SETTINGS or (key == "pip" and isinstance(value, dict))


def _files(environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """The existing files with settings of the user and of the machine, the first one first."""
    if environ.get("UV_NO_CONFIG", "").lower() in ("1", "true", "yes", "on"):
        return
    if named := environ.get("UV_CONFIG_FILE"):
        yield Path(named)
        return
    home = _config_home(environ)
    machine = [*filter(None, environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")), "/etc"]
    system = [] if environ.get("UV_NO_SYSTEM_CONFIG") else [Path(each) for each in machine]
    first = next((each / "uv" / FILE for each in system if (each / "uv" / FILE).is_file()), None)
    for file in (home / "uv" / FILE, first):
        if file and file.is_file():
            yield file


def _config_home(environ: Mapping[str, str] = os.environ) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _users() -> dict[str, Any]:
    """The settings in these files: lists are joined, of other settings the first counts."""
    merged: dict[str, Any] = {}
    for file in _files():
        for key, value in toml.read(file).items():
            if isinstance(value, list) and isinstance(merged.get(key), list):
                merged[key] = [*merged[key], *value]
            else:
                merged.setdefault(key, value)
    return merged


def _has_settings(project: Path) -> bool:
    """Whether uv finds settings in the project's folder, or in one above it in the repository."""
    for folder in (project, *project.parents):
        pyproject = folder / PYPROJECT
        if (folder / FILE).is_file() or (
            pyproject.is_file() and "uv" in toml.read(pyproject).get("tool", {})
        ):
            return True
        if folder == ROOT:
            break
    return False


def _written(text: str) -> Path:
    """A folder like the user's configuration, in which uv's file has this text."""
    folder = FOLDER / hashlib.sha256(f"{_config_home()}\0{text}".encode()).hexdigest()[:16]
    file = folder / "uv" / FILE
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        home = _config_home()
        for entry in home.iterdir() if home.is_dir() else ():
            if entry.name != "uv" and not os.path.lexists(folder / entry.name):
                (folder / entry.name).symlink_to(entry)
        replace_text(file, text)
    return folder

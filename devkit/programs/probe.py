"""Loads one code location as Dagster does, and prints its manifest as one JSON object.

    python probe.py MODULE WORKING_DIRECTORY

Runs in a team's own interpreter (Python 3.9 or newer), with the standard library and that team's
Dagster (1.8 or newer). Output of the team's code goes to standard error, to keep it out of the JSON
on standard output. An error in the team's code is a result: exit code 0.

`definitions.py` reads the repositories, `sources.py` the team's files; `docs/manifest.md`
describes the object.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import platform
import runpy
import signal
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import Any

MANIFEST_VERSION = 1

LISTS = ("repositories", "assets", "checks", "jobs", "schedules", "sensors", "resources")


def main(module: str, working_directory: str) -> None:
    """Print the location's manifest."""
    if sys.path[:1] == [str(Path(__file__).parent)]:  # what -P does, which Python has since 3.11
        del sys.path[0]
    gc.disable()  # saves a fifth of the time for imports, in a process that ends soon
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)  # shows where it hung
    look_elsewhere(os.environ.pop("DAGTEAM_ROOT", ""), os.environ.pop("DAGTEAM_FILES", ""))
    sys.path.insert(0, working_directory)
    result: dict[str, Any] = {"manifest": MANIFEST_VERSION, "python": platform.python_version()}
    try:
        import dagster

        result["dagster"] = dagster.__version__
        result.update(contents(module, working_directory))
    except BaseException as error:  # the team's code may raise anything, SystemExit too
        if isinstance(error, KeyboardInterrupt):
            raise
        result["error"] = describe(error)
    with answer:
        json.dump(result, answer)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # whatever the team's code has put there
            stream.flush()
    os._exit(0)  # a thread of the team's code may never end


def look_elsewhere(root: str, files: str) -> None:
    """Replace the repository's folders on the path by those in `files`, a copy of its files.

    Editable packages are found there, by their `.pth` files or by the finders of setuptools.
    """

    def moved(path: str) -> str:
        own = path.startswith(sys.prefix + os.sep)
        inside = path.startswith(root + os.sep) and not own
        return files + path[len(root) :] if inside else path

    if root:
        sys.path[:] = map(moved, sys.path)
        for name, finder in list(sys.modules.items()):
            if name.startswith("__editable__") and hasattr(finder, "MAPPING"):
                finder.MAPPING.update({key: moved(path) for key, path in finder.MAPPING.items()})


def contents(module: str, working_directory: str) -> dict[str, Any]:
    """What the location defines and imports."""
    repositories = load(module, working_directory)
    sources = load_sibling("sources.py")["Sources"](working_directory)
    define = load_sibling("definitions.py")["define"]
    parts = [define(repository, sources.place) for repository in repositories]
    found: dict[str, Any] = {name: [] for name in LISTS}
    for name in LISTS:
        for part in parts:
            found[name] += part[name]
    return {**found, "imports": imports(sources, working_directory)}


def load_sibling(file: str) -> dict[str, Any]:
    """The globals of a file next to this one, which is not importable for the team's code."""
    return runpy.run_path(str(Path(__file__).with_name(file)))


def load(module: str, working_directory: str) -> list[Any]:
    """The module's repositories, as Dagster's own loader finds them.

    A usual module, with one Definitions object (or one function that returns it), is handled
    here, by public names: importing Dagster's loader takes half a second.
    """
    values = list(vars(importlib.import_module(module)).values())
    lazy, plain = (
        [value for value in values if is_a(value, name)]
        for name in ("LazyDefinitions", "Definitions")
    )
    if len(lazy) == 1 or (not lazy and len(plain) == 1):
        found = lazy[0]() if lazy else plain[0]
        return [found.get_repository_def() if is_a(found, "Definitions") else found]
    from dagster._core.definitions.reconstruct import repository_def_from_target_def
    from dagster._core.workspace.autodiscovery import loadable_targets_from_python_module

    targets = loadable_targets_from_python_module(module, working_directory)
    return [repository_def_from_target_def(target.target_definition) for target in targets]


def is_a(value: Any, name: str) -> bool:
    """Whether a value is an instance of a Dagster class of this name, in whichever module."""
    return any(
        base.__name__ == name and base.__module__.partition(".")[0] == "dagster"
        for base in type(value).__mro__
    )


def imports(sources: Any, folder: str) -> dict[str, Any]:
    """The top-level packages that the team's files import, or that were loaded from elsewhere.

    Elsewhere means neither in the team's folder nor in the interpreter's.
    """
    own = (folder, sys.prefix, sys.base_prefix)
    inside = tuple(os.path.realpath(path) + os.sep for path in own)
    standard = standard_library()
    found: dict[str, Any] = {
        name: {"file": file, "line": line}
        for name, (file, line) in sources.imports.items()
        if name not in standard
    }
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if "." not in name and file and not os.path.realpath(file).startswith(inside):
            found.setdefault(name, None)
    # Python's own modules, which some distributions keep elsewhere.
    for name in ("__main__", "__mp_main__", "sitecustomize", "usercustomize"):
        found.pop(name, None)
    return found


def standard_library() -> frozenset[str]:
    """The names of Python's own modules, which Python lists since 3.10."""
    if listed := getattr(sys, "stdlib_module_names", None):
        return frozenset(listed)
    folder = Path(sysconfig.get_path("stdlib"))
    files = [file.name for part in (folder, folder / "lib-dynload") for file in part.glob("*")]
    return frozenset({*sys.builtin_module_names, *(name.partition(".")[0] for name in files)})


def describe(error: BaseException) -> dict[str, str]:
    """An exception as data; the message is that of the first exception in its chain."""
    first = error
    while earlier := first.__cause__ or (not first.__suppress_context__ and first.__context__):
        if isinstance(earlier, StopIteration):  # how a search ended, as for a package's metadata
            break
        first = earlier
    return {
        "type": type(first).__name__,
        "message": str(first),
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__)),
        "origin": "".join(
            traceback.format_exception(type(first), first, first.__traceback__, chain=False)
        ),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])

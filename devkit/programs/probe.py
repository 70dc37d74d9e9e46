"""Loads one code location as Dagster does, and prints its manifest as one JSON object.

    python probe.py MODULE WORKING_DIRECTORY [OPTIONS]

The options are a JSON object: `kind`, the kind of workspace.yaml's entry (by default
`python_module`; for `python_file`, MODULE is a path), `attribute`, `own`, the folders and files
with the location's own code, and `base`, the folder that places are relative to (by default both
are WORKING_DIRECTORY).

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
import importlib.util
import inspect
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


def main(module: str, working_directory: str, options: str = "{}") -> None:
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
        result.update(contents(module, working_directory, json.loads(options)))
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


def contents(module: str, working_directory: str, options: dict[str, Any]) -> dict[str, Any]:
    """What the location defines and imports."""
    kind, attribute = options.get("kind", "python_module"), options.get("attribute") or ""
    repositories = load(kind, module, attribute, working_directory)
    own = options.get("own", [working_directory])
    sources = load_sibling("sources.py")["Sources"](own, options.get("base", working_directory))
    define = load_sibling("definitions.py")["define"]
    parts = [define(repository, sources.place) for repository in repositories]
    found: dict[str, Any] = {name: [] for name in LISTS}
    for name in LISTS:
        for part in parts:
            found[name] += part[name]
    return {**found, "imports": imports(sources, own, working_directory)}


def load_sibling(file: str) -> dict[str, Any]:
    """The globals of a file next to this one, which is not importable for the team's code."""
    return runpy.run_path(str(Path(__file__).with_name(file)))


def load(kind: str, name: str, attribute: str, working_directory: str) -> list[Any]:
    """The repositories of a location, as Dagster's own loader finds them.

    A usual module, with one Definitions object (or one function that returns it), is handled
    here, by public names: importing Dagster's loader takes half a second.
    """
    if kind == "autoload_defs_module":
        from dagster._core.workspace.autodiscovery import autodefs_module_target

        target = autodefs_module_target(name, working_directory)
        return [target.target_definition.get_repository_def()]
    module = from_file(name) if kind == "python_file" else importlib.import_module(name)
    if attribute:
        return [repository(getattr(module, attribute))]
    values = list(vars(module).values())
    lazy, plain = (
        [value for value in values if is_a(value, name)]
        for name in ("LazyDefinitions", "Definitions")
    )
    if len(lazy) == 1 or (not lazy and len(plain) == 1):
        found = lazy[0]() if lazy else plain[0]
        return [found.get_repository_def() if is_a(found, "Definitions") else found]
    from dagster._core.workspace.autodiscovery import loadable_targets_from_loaded_module

    targets = loadable_targets_from_loaded_module(module)
    return [repository(target.target_definition) for target in targets]


def from_file(path: str) -> Any:
    """The module in a file, under the name that Dagster gives it."""
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(path + " is no file of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def repository(target: Any) -> Any:
    """The repository of what an attribute is, or of what a function returns."""
    if is_a(target, "LazyDefinitions") or inspect.isfunction(target):
        target = target()
    if is_a(target, "Definitions"):
        return target.get_repository_def()
    from dagster._core.definitions.reconstruct import repository_def_from_target_def

    return repository_def_from_target_def(target)


def is_a(value: Any, name: str) -> bool:
    """Whether a value is an instance of a Dagster class of this name, in whichever module."""
    return any(
        base.__name__ == name and base.__module__.partition(".")[0] == "dagster"
        for base in type(value).__mro__
    )


def imports(sources: Any, own: list[str], folder: str) -> dict[str, Any]:
    """The packages that the team's files import, or that were loaded from elsewhere.

    Elsewhere means neither in the team's own code nor in the interpreter's folder. What is below
    the working directory has its full name, since teams may be parts of one package.
    """
    paths = [os.path.realpath(path) for path in (*own, sys.prefix, sys.base_prefix)]
    inside = tuple(path + os.sep for path in paths)
    standard = standard_library()
    found: dict[str, Any] = {}
    for name, (file, line) in sources.imports.items():
        top = name.partition(".")[0]
        if top not in standard:
            here = any(Path(folder, name).exists() for name in (top, f"{top}.py"))
            found.setdefault(name if here else top, {"file": file, "line": line})
    below = os.path.realpath(folder) + os.sep
    for name, module in list(sys.modules.items()):
        file = os.path.realpath(getattr(module, "__file__", None) or paths[-1])
        outside = file not in paths and not file.startswith(inside)
        if outside and ("." not in name or file.startswith(below)):
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

"""Which of the repository's code other code imports: found by reading it, nothing is loaded."""

import functools
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]*(?P<parts>\([^)]*\)|[^\n]*)"
    rb"|import[ \t]+(?P<names>[\w., \t]+))",
    re.MULTILINE,
)
COMMENT = re.compile(rb"#[^\n]*")
SKIPPED = {"__pycache__", "node_modules", "site-packages"}


def reached(
    sources: Sequence[Path], roots: Sequence[Path], apart: Sequence[Path]
) -> dict[Path, Path]:
    """The code outside of the sources that they import from these roots, directly or not.

    Files and folders, each with the root that it is imported from. Of a package it is the whole
    package: the outermost folder with Python files that none of `apart`, other code, is in.
    """
    found: dict[Path, Path] = {}
    waiting = [*sources]
    while waiting:
        for name in imported(waiting.pop(), roots):
            place = resolve(name, roots)
            if place is None or any(place[0].is_relative_to(one) for one in (*sources, *found)):
                continue
            path = _outermost(*place, [*sources, *apart])
            found[path] = place[1]
            waiting.append(path)
    return found


def imported(path: Path, roots: Iterable[Path] = ()) -> frozenset[str]:
    """The dotted names that the Python files of a folder import, or a file.

    Relative ones as well, if the files are below one of the roots. Of `from a import b`, both `a`
    and `a.b`, as it may be a module.
    """
    names: set[str] = set()
    for file in python_files(path):
        try:
            state = file.stat()
            found = _imports(file, state.st_mtime_ns, state.st_size)
        except OSError:  # just deleted, or a dangling link
            continue
        base = next((root for root in roots if root in file.parents), None)
        package = file.parent.relative_to(base).parts if base else ()
        for name in found:
            rest = name.lstrip(".")
            up = len(name) - len(rest)
            if not up:
                names.add(name)
            elif base and up <= len(package):
                names.add(".".join([*package[: len(package) - up + 1], rest]).strip("."))
    return frozenset(names)


def python_files(path: Path) -> Iterator[Path]:
    """The Python files of a folder, without environments and what tools generate; or the file."""
    if path.is_file():
        yield path
        return
    for directory, folders, files in os.walk(path):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = [n for n in folders if not n.startswith(".") and n not in SKIPPED]
        yield from (Path(directory, name) for name in files if name.endswith(".py"))


def resolve(name: str, roots: Iterable[Path]) -> tuple[Path, Path] | None:
    """The file or folder of a module below one of these roots, and the root; None if in none.

    For a name that is not found as a whole (`from package import name`), the package. A folder
    without `__init__.py` counts only if the whole name is found: an installed package goes first.
    """
    parts = name.split(".")
    if parts[0] in sys.stdlib_module_names:
        return None
    for root in roots:
        path, is_package = root, True
        for number, part in enumerate(parts, start=1):
            inner = path / part
            if (file := inner.with_name(f"{part}.py")).is_file():
                return file, root
            if not inner.is_dir():
                if is_package and number > 1:
                    return path, root
                break
            path, is_package = inner, is_package and (inner / "__init__.py").is_file()
        else:
            if is_package or any(path.glob("*.py")):
                return path, root
    return None


def _outermost(path: Path, root: Path, apart: Iterable[Path]) -> Path:
    """The outermost package around a module, that nothing else is in."""
    others = [*apart]
    folders = [each for each in (path, *path.parents) if root in each.parents][::-1]
    for folder in folders:
        if folder == path or (
            any(folder.glob("*.py")) and not any(one.is_relative_to(folder) for one in others)
        ):
            return folder
    return path


@functools.cache
def _imports(file: Path, _modified: int, _size: int) -> frozenset[str]:
    """The names that a file imports, as written; the other parameters tell its versions apart."""
    names: set[str] = set()
    for found in IMPORT.finditer(file.read_bytes()):
        listed = COMMENT.sub(b"", found["names"] or found["parts"]).decode(errors="replace")
        parts = {word[0] for part in listed.strip("() \t").split(",") if (word := part.split())}
        if found["module"]:
            module = found["module"].decode()
            dot = "" if module.endswith(".") else "."
            names |= {module, *(f"{module}{dot}{part}" for part in parts if part.isidentifier())}
        else:
            names |= parts
    return frozenset(names)

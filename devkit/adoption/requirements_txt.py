"""Reads requirements files: pip's format, with the files that they include."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from devkit.adoption.needs import Needs, is_valid, name_of, unique
from devkit.adoption.tree import Tree, joined, parent_of

MAIN = ("requirements.txt", "requirements.in", "requirements/base.txt", "requirements/main.txt",
        "requirements/prod.txt", "requirements/requirements.txt")  # fmt: skip
DEV = ("requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt",
       "requirements/dev.txt", "requirements-test.txt", "requirements_test.txt",
       "test-requirements.txt", "requirements/test.txt", "dev_requirements.txt")  # fmt: skip
MADE_BY_THE_KIT = "# inputs: sha256:"
FROZEN = re.compile(r"[\w.-]+(\[[^\]]*\])?\s*===?\s*[^\s,;*]+(\s*;.*)?")
VCS = re.compile(r"(?:git|hg|svn|bzr)\+\S+|\S+\.git(@\S+)?")
LEAST_FROZEN = 12  # lines; fewer are somebody's own choice of versions


@dataclass
class _Read:
    dependencies: dict[str, str] = field(default_factory=dict)  # with the place of each
    paths: dict[str, str] = field(default_factory=dict)
    pins: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def read(tree: Tree, folder: str) -> Needs:
    """What the requirements files of a folder say; nothing if there are none.

    A list of which everything is pinned is a lock as well.
    """
    files = [name for name in MAIN if tree.has(_in(folder, name))]
    main = _read(tree, _in(folder, files[0])) if files else _Read()
    development = _Read()
    for name in DEV:
        if tree.has(_in(folder, name)):
            _include(tree, _in(folder, name), development)
    own = unique(main.dependencies)
    dev = [text for text in development.dependencies if text not in main.dependencies]
    frozen = [text for text in own if FROZEN.fullmatch(text)]
    is_frozen = len(frozen) >= LEAST_FROZEN and len(frozen) >= len(own) - 2
    found = {"dependencies": _in(folder, files[0])} if files else {}
    if dev:
        found["dev"] = next(_in(folder, name) for name in DEV if tree.has(_in(folder, name)))
    pins = tuple(frozen) if is_frozen else tuple(main.pins)
    if pins:
        found["pins"] = _in(folder, files[0])
    return Needs(
        dependencies=own,
        dev=tuple(dev),
        paths={**development.paths, **main.paths},
        pins=tuple(_without_extras(text) for text in pins),
        found=found,
        notes=tuple(main.notes),
    )


def is_the_kits(tree: Tree, file: str) -> bool:
    """Whether a file is a lock that the kit has written."""
    return MADE_BY_THE_KIT in tree.text(file)


def _in(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _read(tree: Tree, file: str) -> _Read:
    found = _Read()
    if not is_the_kits(tree, file):
        _include(tree, file, found)
    return found


def _include(tree: Tree, file: str, found: _Read, *, as_constraints: bool = False) -> None:
    if file in found.seen:
        return
    found.seen.add(file)
    for number, line in _lines(tree.text(file)):
        option, _, rest = line.partition(" ")
        if option in ("-r", "--requirement", "-c", "--constraint"):
            other = joined(parent_of(file), rest.strip())
            if other and tree.has(other):
                _include(
                    tree, other, found, as_constraints=as_constraints or option.startswith("-c")
                    or option == "--constraint",
                )  # fmt: skip
            else:
                found.notes.append(f"{file}:{number}: {rest.strip()} is not found")
        elif as_constraints:
            if is_valid(line):
                found.pins.append(line)
        elif option in ("-e", "--editable"):
            _requirement(tree, file, number, rest.strip(), found)
        elif option.startswith("-"):
            name = option.partition("=")[0]
            found.notes.append(
                f"{file}:{number}: the option {name} is not taken over: uv and pip have it in "
                "their own settings"
            )
        else:
            _requirement(tree, file, number, line, found)


def _requirement(tree: Tree, file: str, number: int, text: str, found: _Read) -> None:
    """A requirement, a folder, or a repository of somebody's."""
    place = f"{file}:{number}"
    bare, _, fragment = text.partition("#")
    path = re.sub(r"\[[^\]]*\]$", "", bare.strip().removeprefix("file:"))
    folder = joined(parent_of(file), path)
    if VCS.match(bare):
        egg = re.search(r"egg=([\w.-]+)", fragment)
        name = egg[1] if egg else bare.split("@")[0].rstrip("/").rpartition("/")[2]
        name = name.removesuffix(".git")
        found.dependencies[f"{name} @ {bare.strip()}"] = place
        found.notes.append(
            f"{place}: {name} comes from a Git repository, which has to be reachable"
        )
    elif is_valid(text):
        found.dependencies.setdefault(text, place)
        if "@ git+" in text:
            found.notes.append(f"{place}: {name_of(text)} comes from a Git repository")
    elif folder and folder in tree.folders and folder != parent_of(file):
        found.paths[folder] = place
    elif path not in (".", ""):
        found.notes.append(f"{place}: {path} is nothing that can be installed from here")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with something in them; one that ends in a backslash goes on in the next."""
    waiting, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        first = first or number
        if bare.endswith("\\"):
            waiting += bare[:-1] + " "
            continue
        whole = re.sub(r"\s--hash[= ]\S+", "", waiting + bare).strip()
        if whole:
            yield first, whole
        waiting, first = "", 0


def _without_extras(requirement: str) -> str:
    """A line of a constraints file, which takes no extras."""
    return re.sub(r"\[[^\]]*\]", "", requirement, count=1)

"""Reads the services of compose files, and their Dockerfiles: what each code server loads."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from devkit.adoption import commands_read, images
from devkit.adoption.commands_read import Command
from devkit.adoption.declared import Declarations, Declared
from devkit.adoption.model import Kind, Remote, below
from devkit.adoption.tree import Tree, joined, parent_of

COMPOSE = r"(docker-)?compose[\w.-]*\.ya?ml"
DOCKERFILES = r"([\w.-]*\.)?([Dd]ockerfile|Containerfile)[\w.-]*"
SCRIPTS = r"Makefile|[Jj]ustfile|Procfile[\w.]*|[\w-]+\.sh|Taskfile\.ya?ml"
WHOLE = re.compile(r"^\s*(COPY|ADD)\s+(--\S+\s+)*\./?\s", re.MULTILINE)
DEEPEST = 3
KINDS: dict[str, Kind] = {"module": "module", "package": "package", "file": "file"}


@dataclass(frozen=True)
class Service:
    """A service of a compose file that starts a code server, and where its command stands.

    `context` is the folder that its image is built from, None if it is pulled.
    """

    names: frozenset[str]
    title: str
    command: Command
    file: str
    line: int
    context: str | None
    dockerfile: str | None


def services(tree: Tree) -> list[Service]:
    """Every service of every compose file whose command, or whose image's, starts a server."""
    found = []
    for file in tree.named(COMPOSE):
        try:
            document = yaml.safe_load(tree.text(file))
        except yaml.YAMLError:
            continue
        listed = document.get("services") if isinstance(document, dict) else None
        for title, item in (listed or {}).items():
            if isinstance(item, dict) and (service := _service(tree, file, str(title), item)):
                found.append(service)
    return found


def servers(tree: Tree, remotes: dict[str, Remote]) -> tuple[list[Declared], list[Remote]]:
    """The entries for gRPC servers: those whose code is here, and the others."""
    here, elsewhere = [], []
    known = services(tree) if remotes else []
    for host, remote in remotes.items():
        service = next((one for one in known if host in one.names), None)
        declared = _declared(tree, service, remote.location) if service else None
        if declared:
            here.append(declared)
        else:
            elsewhere.append(remote)
    return here, elsewhere


def find(tree: Tree) -> Declarations:
    """The locations of all code servers, where nothing else declares any."""
    found = [_declared(tree, service, service.title) for service in services(tree)]
    located = {one.location: one for one in reversed(found) if one}
    if not located:
        for file in [*tree.named(DOCKERFILES), *tree.named(SCRIPTS)]:
            if file.count("/") <= DEEPEST:
                for declared in _in_file(tree, file):
                    located.setdefault(declared.location, declared)
    values = tuple(sorted(located.values(), key=lambda one: (one.file, one.line)))
    return Declarations(", ".join(dict.fromkeys(one.file for one in values)), values)


def mounts_of(tree: Tree, registry: str) -> list[tuple[str, int]]:
    """Where a container gets the registry: lines of compose files and Dockerfiles.

    Of an image that has the whole repository, it is the command that reads the registry.
    """
    found = []
    word = re.compile(rf"(^|[\s\"'/]){re.escape(registry)}(?=[\s:\"',\]]|$)")
    for file in [*tree.named(COMPOSE), *tree.named(DOCKERFILES)]:
        is_compose = file.endswith(("yml", "yaml"))
        for number, line in enumerate(tree.text(file).splitlines(), start=1):
            copies = re.match(r"\s*(COPY|ADD)\b", line) or (is_compose and ":" in line)
            if copies and word.search(line) and " -w " not in line:
                found.append((file, number))
        if not is_compose and WHOLE.search(tree.text(file)):
            lines = commands_read.reading_a_registry(tree.text(file), registry)
            found += [(file, number) for number in lines]
    return found


def _service(tree: Tree, file: str, title: str, item: dict[str, Any]) -> Service | None:
    build = item.get("build")
    context, dockerfile = None, None
    if build:
        settings = build if isinstance(build, dict) else {"context": build}
        context = joined(parent_of(file), str(settings.get("context", ".")))
        dockerfile = joined(context or ".", str(settings.get("dockerfile", "Dockerfile")))
    line = tree.line(file, rf"^\s+[\"']?{re.escape(title)}[\"']?:")
    words = [*_words(item.get("entrypoint")), *_words(item.get("command"))]
    command = commands_read.parse(words)
    place = file, tree.line(file, "api|code-server", line) or line
    if not command and dockerfile and tree.has(dockerfile):
        last = list(commands_read.in_text(tree.text(dockerfile)))
        if last:
            place, command = (dockerfile, last[-1][0]), last[-1][1]
    if not command or not command.is_server:
        return None
    names = {title, item.get("container_name"), item.get("hostname")}
    aliases = {str(name) for name in names if name}
    return Service(frozenset(aliases), title, command, *place, context, dockerfile)


def _words(command: object) -> list[str]:
    return commands_read.words_of(command) if command else []


def _declared(tree: Tree, service: Service, name: str) -> Declared | None:
    """The location that a service loads, with its paths in this repository."""
    if len(service.command.targets) != 1:
        return None
    ((kind, value),) = service.command.targets
    context = service.context or "."
    own = parent_of(service.dockerfile) if service.dockerfile else context
    image = images.read(tree, service.dockerfile or "", context)
    places = dict.fromkeys((own, context, "."))
    if kind == "file":
        value = _found(tree, image, places, value) or ""
    directory = service.command.directory
    folder = _found(tree, image, places, directory) if directory else image.folder(tree)
    return Declared(
        kind=KINDS[kind],
        value=value,
        file=service.file,
        line=service.line,
        attribute=service.command.attribute,
        name=service.command.name or name,
        folder=folder,
        own=own if own != "." else None,
        runs_in=folder or ".",
    ) if value else None  # fmt: skip


def _found(tree: Tree, image: images.Image, places: Iterable[str], path: str) -> str | None:
    return image.source(tree, path) or _here(tree, places, path)


def _here(tree: Tree, places: Iterable[str], path: str) -> str | None:
    """The file or folder that a path in an image stands for: the longest end that is here.

    `places` are the folders that it may be below, the likeliest first.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    for folder in places:
        for start in range(len(parts)):
            found = below(folder, "/".join(parts[start:]))
            if tree.has(found) or found in tree.folders:
                return found
    name = parts[-1] if parts else ""
    ends = [file for file in tree.files if file.rpartition("/")[2] == name]
    return ends[0] if len(ends) == 1 else None


def _in_file(tree: Tree, file: str) -> Iterator[Declared]:
    """The locations that the commands of a script load."""
    for number, command in commands_read.in_text(tree.text(file)):
        here = parent_of(file)
        places = dict.fromkeys((here, "."))
        image = max(
            (images.read(tree, file, place) for place in reversed(places)),
            key=lambda one: len(one.copies),
        )  # a script copies nothing
        for kind, value in command.targets:
            path = _found(tree, image, places, value) if kind == "file" else value
            if path and "$" not in path:
                directory = command.directory
                folder = _found(tree, image, places, directory) if directory else image.folder(tree)
                yield Declared(
                    kind=KINDS[kind],
                    value=path,
                    file=file,
                    line=number,
                    attribute=command.attribute,
                    name=command.name,
                    folder=folder or (here if here != "." else None),
                    runs_in=folder or ".",
                )

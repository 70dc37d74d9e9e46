"""Where the files of an image come from: what the COPY lines of its Dockerfile say."""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devkit.adoption.model import below
from devkit.adoption.tree import Tree, joined

VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")


@dataclass(frozen=True)
class Image:
    """An image: the folder that its command runs in, and (path here, path in it) of each copy.

    The paths in it are absolute, those here relative to the root.
    """

    directory: str = "/"
    copies: tuple[tuple[str, str], ...] = ()

    def source(self, tree: Tree, path: str) -> str | None:
        """The file or folder here that a path in the image is copied from."""
        wanted = posixpath.join(self.directory, path)
        for here, there in reversed(self.copies):
            rest = posixpath.relpath(wanted, there)
            if not rest.startswith(".."):
                found = posixpath.normpath(below(here, rest)) if rest != "." else here
                if tree.has(found) or found in tree.folders:
                    return found
        return None

    def folder(self, tree: Tree) -> str | None:
        """The folder here that the command's folder stands for; None if none does."""
        folders = [copy for copy in reversed(self.copies) if copy[0] in tree.folders]
        for here, there in folders:
            if there == self.directory:
                return here
        for here, there in folders:
            rest = posixpath.relpath(there, self.directory)
            if here == rest:
                return "."
            if here.endswith(f"/{rest}"):
                return here[: -len(rest) - 1]
        return None


def read(tree: Tree, dockerfile: str, context: str) -> Image:
    """The image that a Dockerfile makes from a folder; of several stages, they count as one."""
    directory = "/"
    copies: list[tuple[str, str]] = []
    variables: dict[str, str] = {}
    for word, rest in _instructions(tree.text(dockerfile)):
        if word in ("ENV", "ARG"):
            variables |= _assigned(rest, variables)
        elif word == "WORKDIR":
            directory = posixpath.normpath(posixpath.join(directory, _filled(rest, variables)))
        elif word in ("COPY", "ADD") and "--from=" not in rest:
            *sources, target = _words(_filled(rest, variables)) or [""]
            there = posixpath.normpath(posixpath.join(directory, target))
            for source in sources:
                # An absolute path here counts from the context, too.
                here = joined(context, source.lstrip("/") or ".")
                if here and (here in tree.folders or tree.has(here)):
                    is_into = here not in tree.folders and target.endswith(("/", "."))
                    name = here.rpartition("/")[2]
                    copies.append((here, posixpath.join(there, name) if is_into else there))
    return Image(directory, tuple(copies))


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    for line in re.sub(r"\\[ \t]*\n", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if rest and not word.startswith("#"):
            yield word.upper(), rest.strip()


def _assigned(rest: str, variables: Mapping[str, str]) -> dict[str, str]:
    """`A=1 B="2"`, or `A 1`."""
    found = dict(re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)", rest))
    if not found:
        name, _, value = rest.partition(" ")
        found = {name: value}
    return {name: _filled(value.strip().strip("\"'"), variables) for name, value in found.items()}


def _words(rest: str) -> list[str]:
    if rest.startswith("["):
        try:
            return [str(word) for word in json.loads(rest)]
        except ValueError:
            return []
    return [word.strip("\"'") for word in rest.split() if not word.startswith("--")]


def _filled(text: str, variables: Mapping[str, str]) -> str:
    """A text with the variables that are known; the others stay as they are."""
    return VARIABLE.sub(
        lambda found: variables.get(found[1] or found[3], found[2] or found[0]), text
    )

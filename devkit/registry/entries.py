"""The entries of `workspace.yaml`, with the line of each field.

Their format is Dagster's: https://docs.dagster.io/deployment/code-locations/workspace-yaml
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import yaml

from devkit.core.errors import DevkitError
from devkit.registry.folders import environment_fault, file_fault, folder_fault
from devkit.registry.team import Kind, Team

# The loader of libyaml, if PyYAML was built with it, is ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
REMOTE = "grpc_server"
# The field of each kind that says what is loaded, and those that all have.
LOADED = {
    Kind.MODULE: "module_name",
    Kind.PACKAGE: "package_name",
    Kind.FILE: "relative_path",
    Kind.AUTOLOAD: "module_name",
}
FIELDS = ("location_name", "attribute", "working_directory", "executable_path")


def nodes(text: str) -> list[yaml.Node]:
    """The YAML nodes under `load_from`, which know their lines, unlike values.

    Raises:
        yaml.YAMLError: if the text is not valid YAML.
        ValueError: if it has no list `load_from`.
    """
    document = yaml.compose(text, Loader=LOADER)
    if isinstance(document, yaml.MappingNode):
        for key, value in document.value:
            if key.value == "load_from" and isinstance(value, yaml.SequenceNode):
                return list(value.value)
    raise ValueError(text)


def read(file: Path) -> list["Entry"]:
    """The entries of a registry.

    Raises:
        DevkitError: if it is missing or invalid, with the line.
    """
    try:
        return [Entry(node) for node in nodes(file.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        raise DevkitError(
            f"{file.name} not found",
            expected=f"the registry of teams, at {file}",
            fix="`git checkout -- workspace.yaml`",
        ) from None
    except (UnicodeDecodeError, yaml.reader.ReaderError) as error:
        raise DevkitError(
            f"{file.name} is not valid UTF-8: {error.reason}", fix=f"edit {file.name}"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f", line {mark.line + 1}" if mark else ""
        raise DevkitError(
            f"{file.name}{at}: invalid YAML: {error.problem}", fix=f"edit {file.name}"
        ) from None
    except ValueError:
        raise DevkitError(
            f"{file.name} lists no teams",
            expected="`load_from:` with a list of code locations",
            fix=f"edit {file.name}",
        ) from None


class Entry:
    """One item of `load_from`: its kind, its fields as text, and their lines.

    The short form, `python_module: shop.definitions`, has the one field that says what is loaded.
    `wrong` are the lines of the fields that are no text.
    """

    def __init__(self, node: yaml.Node) -> None:
        self.line = node.start_mark.line + 1
        self.values: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.wrong: dict[str, int] = {}
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        self.kind_text = str(pairs[0][0].value) if len(pairs) == 1 else ""
        self.kind = Kind(self.kind_text) if self.kind_text in set(Kind) else None
        if not self.kind_text:
            return
        body = pairs[0][1]
        if isinstance(body, yaml.MappingNode):
            for key, value in body.value:
                self.lines[key.value] = key.start_mark.line + 1
                if isinstance(value, yaml.ScalarNode):
                    self.values[key.value] = value.value
                else:
                    self.wrong[key.value] = key.start_mark.line + 1
        elif isinstance(body, yaml.ScalarNode) and self.kind and body.value:
            self.values[LOADED[self.kind]] = body.value
        if self.kind is Kind.FILE and self.loaded.startswith("./"):
            self.values[LOADED[Kind.FILE]] = self.loaded.removeprefix("./")

    @property
    def loaded(self) -> str:
        """What Dagster loads: a dotted name, or a path relative to the registry."""
        return self.values.get(LOADED[self.kind], "") if self.kind else ""

    @property
    def location(self) -> str:
        """The location's name; by default the one that Dagster gives it."""
        if name := self.values.get("location_name"):
            return name
        if self.kind_text == REMOTE:
            host, port = self.values.get("host", "localhost"), self.values.get("port")
            return f"grpc:{host}:{port or self.values.get('socket', '')}"
        loaded = self.loaded.rpartition("/")[2] if self.kind is Kind.FILE else self.loaded
        attribute = self.values.get("attribute")
        return f"{loaded}:{attribute}" if attribute else loaded

    @property
    def is_remote(self) -> bool:
        """Whether the location's server runs elsewhere."""
        return self.kind_text == REMOTE

    def faults(self, root: Path, origin: Path) -> Iterator[tuple[int, str]]:
        """The faults of this entry by itself: line and text of each."""
        if self.is_remote:
            return
        if self.kind is None:
            yield self.line, f"is no code location: none of {', '.join([*Kind, REMOTE])}"
            return
        for name in (LOADED[self.kind], "executable_path"):
            if not self.values.get(name) and name not in self.wrong:
                yield self.lines.get(name, self.line), f"is missing {name}"
        for name, line in self.wrong.items():
            yield line, f"has a {name} that is no text"
        for name, line in self.lines.items():
            if name not in (LOADED[self.kind], *FIELDS):
                yield line, f"has an unknown field {name!r}"
        checks = {
            "working_directory": partial(folder_fault, root, origin),
            "executable_path": partial(environment_fault, root, origin),
        } | ({"relative_path": partial(file_fault, root)} if self.kind is Kind.FILE else {})
        for name, find in checks.items():
            if (text := self.values.get(name)) and (fault := find(text)):
                yield self.lines.get(name, self.line), fault

    def team(self, root: Path) -> Team:
        """The entry as a Team; requires that it has no faults."""
        python = root / self.values["executable_path"]
        project, cwd = python.parent.parent.parent, root / self.values.get("working_directory", "")
        return Team(
            location=self.location,
            module=self.loaded,
            directory=project,
            python=python,
            line=self.line,
            kind=Kind(self.kind_text),
            attribute=self.values.get("attribute"),
            working_directory=None if cwd == project else cwd,
            root=root,
        )

"""The code locations that a repository declares, wherever it does, with the line of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devkit.adoption.model import Kind, Obstacle, Remote

# The keys of an item of `load_from`, and the field that holds what is loaded, by kind.
ENTRIES: dict[Kind, tuple[str, str]] = {
    "module": ("python_module", "module_name"),
    "package": ("python_package", "package_name"),
    "file": ("python_file", "relative_path"),
    "autoload": ("autoload_defs_module", "module_name"),
}
KINDS: dict[str, Kind] = {key: kind for kind, (key, _) in ENTRIES.items()}


@dataclass(frozen=True)
class Declared:
    """A location as it is declared: `value` is a dotted name, or a file relative to the root.

    `fields` are those of a registry's entry, verbatim. `folder` is what Dagster puts on Python's
    path, as far as the declaration says so; `runs_in` is the current folder of the code, the root
    where `workspace.yaml` is there; `own` is the location's own folder, which a workspace of dg or
    a build's directory names.
    """

    kind: Kind
    value: str
    file: str
    line: int
    attribute: str | None = None
    name: str | None = None
    folder: str | None = None
    own: str | None = None
    runs_in: str = "."
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def location(self) -> str:
        """The name that Dagster shows: the declared one, else Dagster's own default."""
        default = self.value.rpartition("/")[2] if self.kind == "file" else self.value
        return self.name or (f"{default}:{self.attribute}" if self.attribute else default)

    @property
    def place(self) -> str:
        """`workspace.yaml:3`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Declarations:
    """What one kind of declaration says: locations, and those that run elsewhere.

    `servers` are the entries for gRPC servers, by their host.
    """

    source: str = ""
    locations: tuple[Declared, ...] = ()
    servers: Mapping[str, Remote] = field(default_factory=dict)
    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.locations or self.servers or self.obstacles)


def merged(parts: list[Declarations]) -> Declarations:
    """Several files of the same kind, as one."""
    return Declarations(
        source=", ".join(dict.fromkeys(part.source for part in parts)),
        locations=tuple(each for part in parts for each in part.locations),
        servers={host: one for part in parts for host, one in part.servers.items()},
        obstacles=tuple(each for part in parts for each in part.obstacles),
        notes=tuple(each for part in parts for each in part.notes),
    )

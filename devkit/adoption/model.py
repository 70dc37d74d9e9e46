"""The plan of an adoption, as values: `planning` makes it, `page` shows it, `apply` writes it.

All paths are texts, relative to the root that is adopted and separated by `/`; `.` is the root.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["module", "package", "file", "autoload"]


@dataclass(frozen=True)
class NewFile:
    """A file that will be written where there is none."""

    path: str
    text: str


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way of an adoption; nothing is written while there is one."""

    file: str
    line: int
    what: str
    expected: str
    fix: str

    @property
    def place(self) -> str:
        """`pyproject.toml:3`; only the file if no line is known (0)."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Question:
    """What only a person can answer: asked once, or answered by a file.

    `choices` are the answers, empty if any text will do; `default` is the safe answer, None if
    there is none.
    """

    key: str
    text: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Remote:
    """A code location that runs elsewhere (`grpc_server`): kept in the registry, not a team."""

    location: str
    entry: Mapping[str, Any]
    found: str


@dataclass(frozen=True)
class PlannedTeam:
    """A location that becomes a team, its project, and where each fact was found.

    `entry` is its whole item of `load_from`: `{"python_module": {...}}`. `additions` are tables to
    append to the `pyproject.toml` that its project has, nested as in the file; `pyproject` is the
    text of a new one. `pins` are lines of a constraints file for its first lock (`name==1.2`, with
    a marker or without), and `pins_from` is the file that they come from. `found` has `file:line`
    for the name of a field.
    """

    location: str
    slug: str
    kind: Kind
    value: str
    attribute: str | None
    entry: Mapping[str, Any]
    project: str
    project_is_new: bool
    working_directory: str
    import_root: str
    sources: tuple[str, ...]
    runs_in: str = "."
    libraries: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    pyproject: str | None = None
    additions: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    dev_dependencies: tuple[str, ...] = ()
    requires_python: str = ""
    python: str = ""
    pins: tuple[str, ...] = ()
    pins_from: str = ""
    smoke_test: NewFile | None = None
    variables: tuple[str, ...] = ()
    found: Mapping[str, str] = field(default_factory=dict)

    @property
    def new_files(self) -> Iterator[NewFile]:
        """Everything that is written for this team alone."""
        if self.pyproject is not None:
            yield NewFile(below(self.project, "pyproject.toml"), self.pyproject)
        if self.smoke_test:
            yield self.smoke_test


@dataclass(frozen=True)
class Plan:
    """Everything that an adoption of the repository at `root` will do, and what it leaves.

    `git_prefix` is the root's folder below Git's top, ending in `/`; empty if it is the top, None
    without Git. `source_file` is the file that declares the locations, empty for a new platform;
    `registry` is the text of a new `workspace.yaml`, None where the one at the root is edited.
    `writes`, `replaces`, `stays`, `runtime` (data and history) and `notes` are lines for the plan's
    page. `answers` are those to the questions that were asked; `questions` are still open.
    """

    root: Path
    git_prefix: str | None
    source_file: str
    teams: tuple[PlannedTeam, ...] = ()
    remotes: tuple[Remote, ...] = ()
    registry: str | None = None
    new_files: tuple[NewFile, ...] = ()
    writes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    questions: tuple[Question, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether it can be written: nothing is in the way, no question is open."""
        return not self.obstacles and not self.questions

    @property
    def is_new_platform(self) -> bool:
        """Whether there is nothing to adopt: the folder is empty."""
        return not self.source_file and not self.teams


def below(folder: str, name: str) -> str:
    """A path below a folder, where `.` is the root."""
    return name if folder == "." else f"{folder}/{name}"

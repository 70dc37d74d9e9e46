"""Reads the registry, `workspace.yaml`, into `Team` values; nothing else reads it."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import yaml

from devkit.core import masking
from devkit.core.errors import DevkitError
from devkit.core.paths import DIST, ROOT
from devkit.core.wording import did_you_mean
from devkit.registry.folders import environment_fault, folder_fault

SUFFIX = "_project"
# The loader of libyaml, if PyYAML was built with it, is ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FIELDS = ("location_name", "module_name", "working_directory", "executable_path")


@dataclass(frozen=True)
class Team:
    """One entry of the registry: a code location and its project.

    Paths are absolute. `python` is not resolved: the interpreter of an environment is a link, and
    only the link belongs to the environment. `line` is the entry's line in the file; it is ignored
    when teams are compared.
    """

    location: str
    module: str
    directory: Path
    python: Path
    line: int = field(compare=False)

    @property
    def name(self) -> str:
        """The short name: `ml` for the location `ml_project`."""
        return self.location.removesuffix(SUFFIX)

    @property
    def folder(self) -> str:
        """The project's folder below the root, separated by `/` as in Git."""
        return self.folder_below(ROOT)

    def folder_below(self, root: Path) -> str:
        """The project's folder in the repository at `root`, separated by `/` as in Git."""
        return Path(os.path.relpath(self.directory, root)).as_posix()

    @property
    def dist(self) -> Path:
        """The folder that is deployed."""
        return DIST / self.location

    @property
    def package(self) -> str:
        """The team's own top-level package."""
        return self.module.partition(".")[0]

    @property
    def package_folder(self) -> Path:
        """The folder of the team's package: in the project's folder, or in `src` below it.

        A package that moved to `src` may leave a folder of bytecode behind.
        """
        flat, below_src = self.directory / self.package, self.directory / "src" / self.package
        return below_src if below_src.is_dir() and not any(flat.glob("*.py")) else flat

    @property
    def environment(self) -> Path:
        """The folder of the team's virtual environment."""
        return self.python.parent.parent

    @property
    def tests(self) -> Path:
        """The folder of the team's tests."""
        return self.directory / f"{self.package}_tests"

    @property
    def env_file(self) -> Path:
        """The file with the team's secrets and settings, for its own processes only."""
        return self.directory / ".env"


def load_teams(root: Path, origin: Path | None = None) -> tuple[Team, ...]:
    """Read the registry of the repository at `root`, in its order.

    `origin` is the work tree that the files at `root` are exported from; folders may link to it.

    Raises:
        DevkitError: if the file is missing or invalid; if entries are missing a field, have a
            folder or an environment that can't be theirs, or repeat another's location, short
            name, folder or environment: the message lists all faults with their lines.
    """
    file = root / "workspace.yaml"
    teams: list[Team] = []
    problems: list[str] = []
    for number, node in enumerate(_entries(file), start=1):
        entry = _Entry(node)
        faults = list(entry.faults(root, origin or root))
        if not faults:
            team = entry.team(root)
            faults = [(team.line, clash) for other in teams if (clash := _clash(team, other))]
            teams.append(team)
        title = f"entry {number} ({entry.values.get('location_name', 'no name')})"
        problems += [f"{file.name}, line {line}: {title} {text}" for line, text in faults]
    if problems:
        raise DevkitError(
            "\n".join(problems),
            expected=f"python_module entries with {', '.join(FIELDS)}",
            fix=f"edit {file.name}, then see `invoke teams`",
        )
    masking.show(word for team in teams for word in (team.name, team.location, team.module))
    return tuple(teams)


def select(
    teams: Sequence[Team], names: Iterable[str], *, also: Sequence[str] = ()
) -> tuple[Team, ...]:
    """The teams of these names, in the registry's order; all of them for no name.

    A name is a short name or a location; `a,b` stands for both. `also` are other valid names, for
    the error message.

    Raises:
        DevkitError: for an unknown name, with the closest one.
    """
    known = {team.name: team for team in teams} | {team.location: team for team in teams}
    wanted = [part.strip() for name in names for part in name.split(",") if part.strip()]
    for name in wanted:
        if name not in known:
            raise DevkitError(
                f"unknown team {name!r}{did_you_mean(name, [*known, *also])}",
                expected=", ".join([*(team.name for team in teams), *also]),
                fix="see `invoke teams`",
            )
    chosen = {known[name] for name in wanted}
    return tuple(team for team in teams if not wanted or team in chosen)


def _entries(file: Path) -> list[yaml.Node]:
    """The YAML nodes under `load_from`, which know their lines, unlike values."""
    try:
        document = yaml.compose(file.read_text(encoding="utf-8"), Loader=LOADER)
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
    if isinstance(document, yaml.MappingNode):
        for key, value in document.value:
            if key.value == "load_from" and isinstance(value, yaml.SequenceNode):
                return list(value.value)
    raise DevkitError(
        f"{file.name} lists no teams",
        expected="`load_from:` with a list of python_module entries",
        fix=f"edit {file.name}",
    )


class _Entry:
    """One item of `load_from`, with the line of every field."""

    def __init__(self, node: yaml.Node) -> None:
        self.line = node.start_mark.line + 1
        self.values: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        self.is_module = len(pairs) == 1 and pairs[0][0].value == "python_module"
        if self.is_module and isinstance(pairs[0][1], yaml.MappingNode):
            for key, value in pairs[0][1].value:
                self.lines[key.value] = key.start_mark.line + 1
                if isinstance(value, yaml.ScalarNode):
                    self.values[key.value] = value.value

    def faults(self, root: Path, origin: Path) -> Iterator[tuple[int, str]]:
        """The faults of this entry by itself: line and text of each."""
        if not self.is_module:
            yield (
                self.line,
                "is not a `python_module` entry (the only kind with its own environment)",
            )
            return
        for name in FIELDS:
            if not self.values.get(name):
                yield self.lines.get(name, self.line), f"is missing {name}"
        for name, line in self.lines.items():
            if name not in FIELDS:
                yield line, f"has an unknown field {name!r}"
        location = self.values.get("location_name", "")
        if location and not re.fullmatch(r"\w+", location):
            yield (
                self.lines["location_name"],
                "location_name may contain only letters, digits and _",
            )
        for name, find in (
            ("working_directory", partial(folder_fault, root, origin)),
            ("executable_path", environment_fault),
        ):
            if (text := self.values.get(name)) and (fault := find(text)):
                yield self.lines[name], fault

    def team(self, root: Path) -> Team:
        """The entry as a Team; requires that it has no faults."""
        return Team(
            location=self.values["location_name"],
            module=self.values["module_name"],
            directory=root / self.values["working_directory"],
            python=root / self.values["executable_path"],
            line=self.line,
        )


def _clash(team: Team, other: Team) -> str | None:
    """Why two entries exclude each other; None if they do not."""
    if team.location == other.location:
        return f"duplicate location_name (first on line {other.line})"
    if team.name == other.name:
        return f"short name {team.name!r} already used by {other.location} (line {other.line})"
    if team.python == other.python:
        return f"environment already used by {other.location} (line {other.line})"
    if team.directory.samefile(other.directory):
        return f"folder already used by {other.location} (line {other.line})"
    return None

"""`invoke affected`: which teams a change touches. In doubt too many rather than too few."""

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import yaml

from devkit import cache
from devkit.bootstrap import ROOT
from devkit.changes import Changes, changed_files, text_at
from devkit.environments import SHARED, team_environment
from devkit.manifest import Manifest
from devkit.workspace import FIELDS, Team

REGISTRY = "workspace.yaml"

# What no team's code is loaded by, runs under or is tested with. Whatever is neither here nor
# some team's (devkit, the orchestrator, a file that nobody has seen before) is everyone's.
KIT_ONLY = frozenset({
    ".ci", ".devcontainer", ".editorconfig", ".github", ".pre-commit-config.yaml", ".vscode",
    "LICENSE", "README.md", "benchmarks", "dagteam.code-workspace", "deploy", "docs", "tests",
})  # fmt: skip

REASONS_FOR_A_PERSON = 3
REASONS_IN_JSON = 20  # an output of GitHub Actions may have 1 MB


@dataclass(frozen=True)
class Touched:
    """What a change touches.

    `reasons` are files or sentences by the short name of a team, in the registry's order.
    `kit` are the files for which the kit's own tests should run. `removed` are the short
    names of the teams that the base's registry has and today's has not.
    """

    base: str
    reasons: Mapping[str, tuple[str, ...]]
    kit: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    note: str | None = None

    def among(self, teams: Iterable[Team]) -> tuple[Team, ...]:
        """Those of the teams that are touched: none, and not all of them, if none is."""
        return tuple(team for team in teams if team.name in self.reasons)


def affected(teams: Sequence[Team], base: str, root: Path = ROOT) -> Touched:
    """The teams that are touched by what differs from `base`, a branch, tag or commit.

    Raises:
        DevkitError: as `changed_files` does.
    """
    changes = changed_files(base, root)
    return touched(changes, teams, text_at(changes.start, REGISTRY, root), root)


def touched(
    changes: Changes, teams: Sequence[Team], registry_before: str | None, root: Path = ROOT
) -> Touched:
    """Whom the changed files concern; `registry_before` is the text of the base's registry.

    A team's folder, and one that it had, is that team's; `utils` is of every team that has it.
    The registry touches the teams whose entries are new or different, or all of them if its
    text from before can't be read. The folder of a team that is gone is nobody's. Every file
    is the kit's: its tests copy the whole repository, with its teams, locks and registry.
    """
    before = _teams_in(registry_before, root) if REGISTRY in changes.files else teams
    entries = {team.location: team for team in before or ()}
    locations = {team.location for team in teams}
    rooms = [_rooms(each, locations, root) for each in (teams, before or ())]
    everyone = [team.name for team in teams]
    sharing = [team.name for team in teams if SHARED in team_environment(team).projects]

    found: dict[str, list[str]] = {name: [] for name in everyone}
    for file in changes.files:
        if file == REGISTRY and before is not None:
            for team in teams:
                if team.location not in entries:
                    found[team.name].append(f"its entry in {REGISTRY} is new")
                elif team != entries[team.location]:
                    found[team.name].append(f"its entry in {REGISTRY} is different")
            continue
        for name in _owners(file, rooms, sharing, everyone):
            found[name].append(file)
    return Touched(
        base=changes.base,
        reasons={name: tuple(reasons) for name, reasons in found.items() if reasons},
        kit=changes.files,
        removed=tuple(e.name for e in before or () if e.location not in locations),
        note=changes.note,
    )


def with_readers(
    change: Touched,
    teams: Sequence[Team],
    reads: Mapping[str, Set[str]],
    makes: Mapping[str, Set[str]],
) -> Touched:
    """The same and the teams that read what a touched team makes, and so on from these.

    `reads` and `makes` are asset keys by the short names of the teams whose definitions load;
    a team that is in neither may read anything. A key that nobody makes may be one that a
    touched or removed team has just ceased to make, so its readers count as well: leave out
    of `reads` what is known to come from outside.
    """
    if not change.reasons and not change.removed:
        return change
    names = [team.name for team in teams]
    found = dict(change.reasons)
    while more := {
        name: (why,)
        for name in names
        if name not in found and (why := _why_it_reads(name, list(found), reads, makes))
    }:
        found |= more
    return replace(change, reasons={name: found[name] for name in names if name in found})


def with_downstream(change: Touched, teams: Sequence[Team], built: Sequence[Team]) -> Touched:
    """The same and the readers of what the touched teams make.

    Asks for the definitions of the teams that have an environment, `built`.
    """
    known = [found for found in cache.load_all(built) if isinstance(found, Manifest)]
    makes = {found.team.name: set(found.makes) for found in known}
    outside = {asset.key for found in known for asset in found.assets if asset.external is not None}
    outside -= set().union(*makes.values())
    return with_readers(change, teams, {one.team.name: one.reads - outside for one in known}, makes)


def as_text(change: Touched) -> str:
    """For a person: each team with its reasons, then the kit and what is gone."""
    rows = {name: _few(reasons, REASONS_FOR_A_PERSON) for name, reasons in change.reasons.items()}
    extra = {
        "the kit": _few(change.kit, REASONS_FOR_A_PERSON),
        "gone teams": list(change.removed),  # titles that no team can have for its name
    }
    rows |= {title: items for title, items in extra.items() if items}
    width = max(map(len, rows), default=0)
    lines = [f"{title:<{width}}  {', '.join(map(_shown, items))}" for title, items in rows.items()]
    if not change.reasons:
        lines.insert(0, "no team is touched" if rows else "nothing is touched")
    return "\n".join([*lines, *([f"note: {change.note}"] if change.note else [])])


def as_json(change: Touched, teams: Sequence[Team], root: Path = ROOT) -> str:
    """For CI, in one line: `include` is a matrix of GitHub Actions.

    An empty matrix is an error there: a job asks first whether `teams` is empty.
    """
    include = [
        {"team": team.name, "location": team.location, "directory": _inside(team, root)}
        for team in change.among(teams)
    ]
    answer = {
        "version": 1,
        "base": change.base,
        "teams": [entry["team"] for entry in include],
        "include": include,
        "kit": bool(change.kit),
        "removed": change.removed,
        "reasons": {name: _few(why, REASONS_IN_JSON) for name, why in change.reasons.items()},
        "note": change.note,
    }
    return json.dumps(answer, separators=(",", ":"))


def _rooms(teams: Iterable[Team], locations: Collection[str], root: Path) -> dict[str, list[str]]:
    """The names of the teams in each folder, which two may share; only of these locations."""
    rooms: dict[str, list[str]] = {}
    for team in teams:
        names = rooms.setdefault(_inside(team, root), [])
        names += [team.name] if team.location in locations else []
    return rooms


def _inside(team: Team, root: Path) -> str:
    """The team's folder as git would name it."""
    return PurePosixPath(os.path.relpath(team.directory, root)).as_posix()


def _owners(
    file: str,
    rooms: Iterable[Mapping[str, Sequence[str]]],
    sharing: Sequence[str],
    everyone: Sequence[str],
) -> Sequence[str]:
    """The teams whose file this is: by the deepest folder that is a room, then by the top one."""
    folders = [str(place) for place in (PurePosixPath(file), *PurePosixPath(file).parents)][:-1]
    for room in rooms:
        for folder in folders:
            if folder in room:
                return room[folder]
    if folders[-1] == SHARED.name:
        return sharing
    return () if folders[-1] in KIT_ONLY else everyone


def _teams_in(text: str | None, root: Path) -> tuple[Team, ...] | None:
    """The teams of a registry that may be an old one, whose folders may be gone.

    None for one that today's reader would not take: nothing can be said about its teams.
    """
    try:
        entries = [item["python_module"] for item in yaml.safe_load(text or "")["load_from"]]
        rows = [tuple(entry.pop(name) for name in FIELDS) for entry in entries]
    except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError):
        return None
    if any(entries) or not all(isinstance(value, str) for row in rows for value in row):
        return None
    return tuple(
        Team(location, module, root / folder, root / python, line=0)
        for location, module, folder, python in rows
    )


def _why_it_reads(
    name: str,
    makers: Sequence[str],
    reads: Mapping[str, Set[str]],
    makes: Mapping[str, Set[str]],
) -> str | None:
    if name not in reads or name not in makes:
        return "its definitions do not load, so it may read anything"
    for key in sorted(reads[name]):
        for maker in makers:
            if key in makes.get(maker, ()):
                return f"reads {key}, which {maker} makes"
        if not any(key in made for made in makes.values()):
            return f"reads {key}, which no team is known to make"
    return None


def _few(items: Sequence[str], most: int) -> list[str]:
    rest = len(items) - most
    return [*items[:most], f"and {rest} more"] if rest > 0 else list(items)


def _shown(text: str) -> str:
    """A name that would upset a terminal is shown as Python would write it."""
    return text if text.isprintable() else repr(text)

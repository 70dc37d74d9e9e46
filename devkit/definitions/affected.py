"""Finds the teams that a change affects, and the teams that depend on them.

If in doubt, a team counts as affected.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import yaml

from devkit.core import git
from devkit.core.git import Changes
from devkit.core.paths import REGISTRY, ROOT, SHARED
from devkit.definitions import cache
from devkit.definitions.manifest import Manifest
from devkit.environments import venvs
from devkit.environments.project import team_project
from devkit.registry.workspace import FIELDS, Team

# Files that no team's code is loaded by, run under or tested with. Everything else that is not a
# team's own (devkit, the orchestrator, an unknown file) affects every team.
KIT_ONLY = frozenset({
    ".ci", ".devcontainer", ".editorconfig", ".github", ".pre-commit-config.yaml", ".vscode",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "benchmarks",
    "dagteam.code-workspace", "deploy", "docs", "testing", "tests",
})  # fmt: skip


@dataclass(frozen=True)
class Affected:
    """The teams that a change affects.

    `reasons` are files or sentences by the short name of a team, in the registry's order. `kit`
    are the files for which the kit's own tests should run. `removed` are the short names of the
    teams that are in the base's registry and not in today's.
    """

    base: str
    reasons: Mapping[str, tuple[str, ...]]
    kit: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    note: str | None = None

    def __contains__(self, team: Team) -> bool:
        """Whether a team is affected."""
        return team.name in self.reasons

    def among(self, teams: Iterable[Team]) -> tuple[Team, ...]:
        """The affected ones of some teams; none if no team is affected."""
        return tuple(team for team in teams if team in self)


def affected(teams: Sequence[Team], base: str, root: Path = ROOT) -> Affected:
    """The teams that are affected by the changes since `base`, a branch, tag or commit.

    Raises:
        DevkitError: as `changed_files` does.
    """
    changes = git.changed_files(base, root)
    return affected_by(changes, teams, git.read_at(changes.start, REGISTRY.name, root), root)


def affected_by(
    changes: Changes, teams: Sequence[Team], registry_before: str | None, root: Path = ROOT
) -> Affected:
    """The teams that the changed files affect; `registry_before` is the base's registry.

    A file in a team's folder, today's or the base's, affects that team; a file in the folder of a
    removed team affects none; a file in a library affects the teams that depend on it, and one in
    `utils` every team. A change of the registry
    affects the teams whose entries are new or different, or every team if the base's registry
    can't be read. Every file affects the kit, whose tests copy the whole repository.
    """
    before = _teams_in(registry_before, root) if REGISTRY.name in changes.files else teams
    entries = {team.location: team for team in before or ()}
    locations = {team.location for team in teams}
    folders = [_folders(each, locations, root) for each in (teams, before or ())]
    users = _users(teams, root)
    everyone = [team.name for team in teams]

    found: dict[str, list[str]] = {name: [] for name in everyone}
    for file in changes.files:
        if file == REGISTRY.name and before is not None:
            for team in teams:
                if team.location not in entries:
                    found[team.name].append(f"added to {REGISTRY.name}")
                elif team != entries[team.location]:
                    found[team.name].append(f"its entry in {REGISTRY.name} changed")
            continue
        for name in _owners(file, folders, users, everyone):
            found[name].append(file)
    return Affected(
        base=changes.base,
        reasons={name: tuple(reasons) for name, reasons in found.items() if reasons},
        kit=changes.files,
        removed=tuple(team.name for team in before or () if team.location not in locations),
        note=changes.note,
    )


def folders_of(
    change: Affected, teams: Iterable[Team], registry_before: str | None, root: Path = ROOT
) -> list[str]:
    """The folders that the definitions of the affected teams are in: projects and libraries.

    Of the base too: `registry_before` is its registry.
    """
    both = [*teams, *(_teams_in(registry_before, root) or ())]
    affected = [team for team in both if team in change]
    libraries = {path for team in affected for path in team_project(team).libraries}
    names = {path.relative_to(root).as_posix() for path in libraries if path.is_relative_to(root)}
    return sorted({SHARED.name, *names, *(team.folder_below(root) for team in affected)})


def with_consumers(
    change: Affected,
    teams: Sequence[Team],
    depends_on: Mapping[str, Collection[str]],
    produces: Mapping[str, Collection[str]],
) -> Affected:
    """Adds the teams that depend on assets of an affected team, directly or through other teams.

    `depends_on` and `produces` are asset keys by the short names of the teams whose definitions
    load; any other team may depend on anything. A key without a producer may be one that an
    affected or removed team no longer produces, so its consumers count as well: leave external
    assets out of `depends_on`.
    """
    if not change.reasons and not change.removed:
        return change
    names = [team.name for team in teams]
    found = dict(change.reasons)
    while True:
        more = {}
        for name in names:
            if name not in found:
                reason = _why_it_depends(name, list(found), depends_on, produces)
                if reason:
                    more[name] = (reason,)
        if not more:
            break
        found |= more
    return replace(change, reasons={name: found[name] for name in names if name in found})


def with_downstream(change: Affected, teams: Sequence[Team], built: Sequence[Team]) -> Affected:
    """Adds the teams that depend on assets of an affected team.

    `built` are the teams that have an environment, whose definitions can be loaded.
    """
    manifests = [loaded for loaded in cache.load_all(built) if isinstance(loaded, Manifest)]
    produces = {manifest.team.name: set(manifest.produces) for manifest in manifests}
    external = {
        asset.key
        for manifest in manifests
        for asset in manifest.assets
        if asset.external is not None
    }
    external -= set().union(*produces.values())
    depends_on = {manifest.team.name: manifest.reads - external for manifest in manifests}
    return with_consumers(change, teams, depends_on, produces)


def with_producers(chosen: Sequence[Team], teams: Sequence[Team]) -> tuple[Team, ...]:
    """The chosen teams and the producers of their upstream assets, in the registry's order.

    Builds and loads every team; omits producers that do not load.

    Raises:
        DevkitError: if the environment of a chosen team can't be built.
    """
    venvs.require_built(map(venvs.team_environment, chosen))
    venvs.build_stale(map(venvs.team_environment, teams))
    manifests = [loaded for loaded in cache.load_all(teams) if isinstance(loaded, Manifest)]
    wanted = {
        key
        for manifest in manifests
        if manifest.team in chosen
        for key in (manifest.reads | set(manifest.external_assets))
    }
    producers = {manifest.team for manifest in manifests if wanted & set(manifest.produces)}
    return tuple(team for team in teams if team in chosen or team in producers)


def _folders(teams: Iterable[Team], locations: Collection[str], root: Path) -> dict[str, list[str]]:
    """The short names of the teams in each folder, as far as they are in `locations`."""
    folders: dict[str, list[str]] = {}
    for team in teams:
        names = folders.setdefault(team.folder_below(root), [])
        if team.location in locations:
            names.append(team.name)
    return folders


def _users(teams: Iterable[Team], root: Path) -> dict[str, list[str]]:
    """The short names of the teams that depend on each library but utils, by its folder."""
    users: dict[str, list[str]] = {}
    for team in teams:
        for library in team_project(team).libraries:
            if library != SHARED:
                users.setdefault(os.path.relpath(library, root), []).append(team.name)
    return users


def _owners(
    file: str,
    folders: Iterable[Mapping[str, Sequence[str]]],
    users: Mapping[str, Sequence[str]],
    everyone: Sequence[str],
) -> Sequence[str]:
    """The teams that a file affects: those of the deepest folder, else by the top folder."""
    above = [str(path) for path in (PurePosixPath(file), *PurePosixPath(file).parents)][:-1]
    found = next((owners[each] for owners in folders for each in above if each in owners), None)
    using = dict.fromkeys(name for folder in above for name in users.get(folder, ()))
    if found is None and not using:
        return () if above[-1] in KIT_ONLY else everyone
    return [*dict.fromkeys([*(found or ()), *using])]


def _teams_in(text: str | None, root: Path) -> tuple[Team, ...] | None:
    """The teams of an old registry, whose folders may no longer exist; None if it is invalid."""
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


def _why_it_depends(
    name: str,
    affected: Sequence[str],
    depends_on: Mapping[str, Collection[str]],
    produces: Mapping[str, Collection[str]],
) -> str | None:
    if name not in depends_on or name not in produces:
        return "its definitions do not load, so it may depend on anything"
    for key in sorted(depends_on[name]):
        for producer in affected:
            if key in produces.get(producer, ()):
                return f"depends on {key}, which {producer} produces"
        if not any(key in keys for keys in produces.values()):
            return f"depends on {key}, which has no known producer"
    return None

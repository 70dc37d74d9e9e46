"""Finds the teams that a change affects.

If in doubt, a team counts as affected.
"""

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from devkit.core import git
from devkit.core.git import Changes
from devkit.core.paths import REGISTRY, ROOT, SHARED
from devkit.environments import composition
from devkit.kit import record
from devkit.registry.team import Team
from devkit.registry.workspace import teams_in

# The kit's own files, what it is tested with, and CI: its own tests have to run.
KIT = frozenset({
    ".ci", ".devcontainer", ".dockerignore", ".editorconfig", ".gitattributes", ".github",
    ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "README.md", "benchmarks", "deploy", "devkit", "docs", "orchestrator", "pyproject.toml",
    "tasks.py", "testing", "tests",
})  # fmt: skip
# Of these, the ones that teams' code is loaded by, run under or tested with. A file that is
# neither a team's own nor the kit's (an unknown one) affects every team too.
EVERYONE = frozenset({"devkit", "orchestrator", "pyproject.toml", "tasks.py"})
# Generated from the registry and the definitions, so they change with a team: files and folders.
GENERATED = frozenset({
    ".vscode", "dagster_cloud.yaml", "dagteam.code-workspace", "deploy/compose.yaml",
    "deploy/dagster.yaml", "deploy/helm", "deploy/helm-values.yaml", "deploy/workspace.yaml",
    "docs/lineage.md", "utils/.vscode",
})  # fmt: skip
DOCUMENTATION = re.compile(
    r"(^|/)docs?/|(^|/)(LICEN[CS]E|NOTICE|AUTHORS|CODEOWNERS)[^/]*$|\.(md|rst)$"
)


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

    A file of a team's own, today or at the base, affects that team; one of a removed team affects
    none; a file in a library affects the teams that use it: see `composition`. A change of the
    registry affects the teams whose entries are new or different, or every team if the base's
    registry can't be read. A generated file affects none: what it is generated from does. Only the
    kit's own files affect the kit.
    """
    before = teams_in(registry_before, root) if REGISTRY.name in changes.files else teams
    entries = {team.location: team for team in before or ()}
    locations = {team.location for team in teams}
    folders = [_folders(each, locations, root) for each in (teams, before or ())]
    users = _users(teams, root)
    everyone = [team.name for team in teams]

    kit: list[str] = []
    found: dict[str, list[str]] = {name: [] for name in everyone}
    for file in changes.files:
        if file == REGISTRY.name and before is not None:
            for team in teams:
                if team.location not in entries:
                    found[team.name].append(f"added to {REGISTRY.name}")
                elif team != entries[team.location]:
                    found[team.name].append(f"its entry in {REGISTRY.name} changed")
            continue
        is_generated = not GENERATED.isdisjoint(_above(file))
        owners = () if is_generated else _owners(file, folders, users)
        top = file.partition("/")[0]
        if owners is None:
            owners = everyone if _may_concern_everyone(file, root) else ()
            kit += [file] if top in _kits(root) else []
        for name in owners:
            found[name].append(file)
    return Affected(
        base=changes.base,
        reasons={name: tuple(reasons) for name, reasons in found.items() if reasons},
        kit=tuple(kit),
        removed=tuple(team.name for team in before or () if team.location not in locations),
        note=changes.note,
    )


def concerns_no_team(changes: Changes, registries: Iterable[str], root: Path = ROOT) -> bool:
    """Whether it is certain, without a valid registry, that a change affects no team.

    `registries` are the texts of the registry before and after.
    """
    teams = [team for text in registries for team in teams_in(text, root) or ()]
    folders = {*_folders(teams, {team.location for team in teams}, root), *_users(teams, root)}
    return all(
        folders.isdisjoint(_above(file))
        and (not _may_concern_everyone(file, root) or not GENERATED.isdisjoint(_above(file)))
        for file in changes.files
    )


def folders_of(
    change: Affected, teams: Iterable[Team], registry_before: str | None, root: Path = ROOT
) -> list[str]:
    """The folders that the definitions of the affected teams are in: their own and libraries.

    Of the base too: `registry_before` is its registry.
    """
    both = [*teams, *(teams_in(registry_before, root) or ())]
    found = [composition.of(team) for team in both if team in change]
    paths = {path for each in found for path in (*each.own, *each.used)}
    folders = {path.parent if path.is_file() else path for path in paths}
    inside = {folder.relative_to(root).as_posix() for folder in folders if root in folder.parents}
    return sorted({SHARED.name, *inside})


def _folders(teams: Iterable[Team], locations: Collection[str], root: Path) -> dict[str, list[str]]:
    """The short names of the teams whose own each path is, as far as they are in `locations`."""
    folders: dict[str, list[str]] = {}
    for team in teams:
        for path in composition.of(team).own:
            names = folders.setdefault(_below(path, root), [])
            if team.location in locations:
                names.append(team.name)
    return folders


def _users(teams: Iterable[Team], root: Path) -> dict[str, list[str]]:
    """The short names of the teams that use each library, by its folder."""
    users: dict[str, list[str]] = {}
    for team in teams:
        for library in composition.of(team).used:
            users.setdefault(_below(library, root), []).append(team.name)
    return users


def _below(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _kits(root: Path) -> frozenset[str]:
    """The files and folders of the kit in a repository: few in one that has adopted it."""
    return EVERYONE - {"pyproject.toml"} if (root / record.NAME).exists() else KIT


def _may_concern_everyone(file: str, root: Path) -> bool:
    """Whether a file that is no team's own and in no library may change any team's definitions."""
    if (root / record.NAME).exists():
        parts = PurePosixPath(file).parts
        return not parts[0].startswith(".") and not DOCUMENTATION.search(file)
    return file.partition("/")[0] not in KIT - EVERYONE


def _owners(
    file: str,
    folders: Iterable[Mapping[str, Sequence[str]]],
    users: Mapping[str, Sequence[str]],
) -> Sequence[str] | None:
    """The teams of the deepest folder, and those that depend on the library that it is in.

    None if it is in no team's folder and in no library.
    """
    above = _above(file)
    found = next((owners[each] for owners in folders for each in above if each in owners), None)
    using = dict.fromkeys(name for folder in above for name in users.get(folder, ()))
    return None if found is None and not using else [*dict.fromkeys([*(found or ()), *using])]


def _above(file: str) -> list[str]:
    """A file and the folders that it is in, the deepest first."""
    return [str(path) for path in (PurePosixPath(file), *PurePosixPath(file).parents)][:-1]

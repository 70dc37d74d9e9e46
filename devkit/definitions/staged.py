"""What the next commit changes: the teams that it affects, and their definitions before and after.

A Git hook judges what is staged, by the teams that it affects: neither files that are not staged
nor what is wrong with another team refuse a commit.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from devkit.core import git, output
from devkit.core.errors import DevkitError
from devkit.core.export import Files, exported
from devkit.core.git import Changes
from devkit.core.paths import REGISTRY, ROOT
from devkit.definitions import cache
from devkit.definitions.affected import Affected, affected_by, concerns_no_team, folders_of
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams, teams_in


@dataclass(frozen=True)
class Staged:
    """What is staged: the changed files, the registry's teams, and which of them are affected.

    `files` are those that the commit will have: the work tree itself, if it has no others.
    `registry_before` is the text of the registry at HEAD.
    """

    changes: Changes
    teams: tuple[Team, ...]
    affected: Affected
    files: Files
    registry_before: str | None

    @property
    def chosen(self) -> tuple[Team, ...]:
        """The teams that the commit is judged by."""
        return self.affected.among(self.teams)


@dataclass(frozen=True)
class Before:
    """The definitions at HEAD: its teams, their manifests, and the names of unknown teams.

    For a team that did not load, today's manifest is assumed.
    """

    teams: tuple[Team, ...]
    manifests: tuple[Manifest, ...]
    unknown: frozenset[str]


@contextmanager
def staged(root: Path = ROOT, *, also: Collection[str] = ()) -> Iterator[Staged | None]:
    """What is staged; None if it affects no team. `also` are other files that count.

    Raises:
        DevkitError: if the commit breaks the registry. If it was broken before, this is a warning.
    """
    changes = git.staged_files(root)
    before = git.read_at(changes.start, REGISTRY.name, root)
    registries = [text for text in (before, git.read_at("", REGISTRY.name, root)) if text]
    concerned = not concerns_no_team(changes, registries, root) or set(also) & {*changes.files}
    with ExitStack() as stack:
        files = _files(registries, stack, root) if concerned else None
        try:
            teams = _teams(files) if files else ()
        except DevkitError as error:
            if _may_break_the_registry(changes, root):
                raise
            output.warn(f"warning: nothing was checked, since {error.what}")
            files, teams = None, ()
        if files is None:
            yield None
            return
        change = affected_by(changes, teams, before, root)
        found = Staged(changes, teams, change, files, before)
        yield found if change.reasons or change.removed or set(also) & {*changes.files} else None


def load(commit: Staged, teams: Sequence[Team]) -> dict[str, Manifest | Failure]:
    """What some teams define in the commit, by name. Builds no environment, prints no progress."""
    built = [team for team in teams if team.python.exists()]
    found = {one.team.name: one for one in cache.load_all(built, commit.files)}
    return {
        team.name: found.get(team.name) or Failure(team, "its environment is not built", None)
        for team in teams
    }


def before(commit: Staged, after: Sequence[Manifest]) -> Before | None:
    """The definitions at HEAD; `after` are those of the commit.

    None if it can't be known what a team produced that the commit removes.
    """
    root = commit.files.root
    now = {team.location: team for team in commit.teams}
    former = tuple(
        replace(team, python=now[team.location].python) if team.location in now else team
        for team in teams_in(commit.registry_before, root) or ()
    )
    if any(team.location not in now and not team.python.exists() for team in former):
        return None
    known = {one.team.location: one for one in after}
    other = [
        team
        for team in former
        if team.python.exists() and (team in commit.affected or team.location not in now)
    ]
    folders = folders_of(commit.affected, commit.teams, commit.registry_before, root)
    folders += [team.folder_below(root) for team in other]
    with exported(commit.changes.start, folders, root) as files:
        loaded = cache.load_all(other, files)
    known |= {one.team.location: one for one in loaded if isinstance(one, Manifest)}
    return Before(
        former,
        tuple(known[team.location] for team in former if team.location in known),
        frozenset(one.team.name for one in loaded if isinstance(one, Failure)),
    )


def _files(registries: Sequence[str], stack: ExitStack, root: Path) -> Files:
    """The files of the commit: the work tree if it has no other ones in the teams' folders."""
    teams = [team for text in registries for team in teams_in(text, root) or ()]
    everyone = Affected("HEAD", {team.name: () for team in teams})
    folders = folders_of(everyone, teams, None, root)
    if not git.differs_from_index([REGISTRY.name, *folders], root):
        return Files(root, root)
    return stack.enter_context(exported(git.staged_tree(root), folders, root))


def _teams(files: Files) -> tuple[Team, ...]:
    """The teams in the registry of some files, with paths of the work tree."""
    return tuple(team.moved(files.original) for team in load_teams(files.folder, files.root))


def _may_break_the_registry(changes: Changes, root: Path) -> bool:
    """Whether a commit changes the registry, or deletes files: perhaps a team's folder."""
    deleted = (git.read_at("", file, root) is None for file in changes.files)
    return REGISTRY.name in changes.files or any(deleted)

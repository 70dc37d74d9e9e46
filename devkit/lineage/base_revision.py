"""Loads every team's definitions as of the merge base, in today's environments.

The code of the teams and of utils is that of the merge base; interpreters, packages and `.env` are
today's. Notes explain what can't be known that way.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.export import WORK_TREE, Files, exported
from devkit.core.paths import REGISTRY, ROOT
from devkit.definitions import cache
from devkit.definitions.affected import affected_by, folders_of
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import lockfiles
from devkit.environments.venvs import team_environment
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams


@dataclass(frozen=True)
class BaseRevision:
    """The manifests at the merge base, in the order of its registry.

    `unknown` are the short names of the teams whose definitions could not be loaded, for
    `graph.difference`; `notes` are sentences. The source locations in the manifests are in the work
    tree, where the lines may be others.
    """

    manifests: tuple[Manifest, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]


def manifests_at(
    base: str, teams: Sequence[Team], today: Sequence[Manifest] = (), root: Path = ROOT
) -> BaseRevision:
    """The definitions at the merge base of HEAD and `base`, a branch, tag or commit.

    Compared with the merge base, only the branch's own changes differ; without a common history,
    loads `base` itself. `teams` are today's, with up-to-date environments. An unaffected team is
    not loaded again if its manifest is in `today`.

    Raises:
        DevkitError: if `base` is not found, or has no valid registry.
    """
    changes = git.changed_files(base, root)
    notes = []
    if changes.note:
        notes.append(
            f"The merge base with {base} was not found, so this compares with {base} itself (in a "
            "shallow clone, `git fetch --unshallow` fetches the rest)."
        )
    registry = git.read_at(changes.start, REGISTRY.name, root)
    affected = affected_by(changes, teams, registry, root)
    current = {team.location: team for team in teams}
    with _checked_out(changes.start, base, root, folders_of(affected, teams, registry, root)) as at:
        former = [team.moved(at.original) for team in _registry(at, base)]
        unchanged = {one.team.location: one for one in today if one.team not in affected}
        notes += [_removed(team, base) for team in former if team.location not in current]
        both = [
            replace(team, python=current[team.location].python)
            for team in former
            if team.location in current
        ]
        changed = [team for team in both if team.location not in unchanged]
        notes += [
            f"{team.name} had other dependencies at {base}; its definitions at that revision were "
            "loaded in today's environment."
            for team in changed
            if _pins(team, at) != _pins(current[team.location])
        ]
        loaded = dict(zip(changed, cache.load_all(changed, at), strict=True))
        results = [loaded[team] if team in loaded else unchanged[team.location] for team in both]
    failures = [result for result in results if isinstance(result, Failure)]
    notes += [_failed(failure, base, root) for failure in failures]
    return BaseRevision(
        tuple(result for result in results if isinstance(result, Manifest)),
        tuple(failure.team.name for failure in failures),
        tuple(notes),
    )


@contextmanager
def _checked_out(commit: str, base: str, root: Path, only: Sequence[str]) -> Iterator[Files]:
    """The files of a commit in a temporary folder: of these folders, and the registry."""
    with exported(commit, only, root) as files:
        if not (files.folder / REGISTRY.name).is_file():
            raise DevkitError(
                f"{base} has no {REGISTRY.name}, so its teams are unknown",
                expected=f"a revision with {REGISTRY.name} in its root",
                found=f"none at {commit[:12]}, the merge base with {base}",
                fix="choose a later revision: `git log --oneline -- workspace.yaml`",
            )
        yield files


def _registry(files: Files, base: str) -> tuple[Team, ...]:
    try:
        return load_teams(files.folder, files.root)
    except DevkitError as error:
        raise DevkitError(
            f"the registry of {base} can't be read",
            expected=f"a {REGISTRY.name} as `invoke teams` reads it",
            found=error.what,
            fix="choose a revision where it is valid: `git log --oneline -- workspace.yaml`",
        ) from None


def _pins(team: Team, files: Files = WORK_TREE) -> list[str]:
    """The pins in a team's lock, without comments and hashes."""
    lock = files.path(team_environment(team).lock)
    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    return sorted(map(str, lockfiles.parse(text)))


def _removed(team: Team, base: str) -> str:
    return (
        f"{team.name} was a team at {base} and has been removed. It has no environment to load its "
        "definitions in, so the assets that it produced are not listed."
    )


def _failed(failure: Failure, base: str, root: Path) -> str:
    where = f"{failure.source.relative_to(root)}: " if failure.source else ""
    message = " ".join(failure.message.split())
    return (
        f"The definitions of {failure.team.name} at {base} do not load ({where}{message}), so its "
        "changes are not listed."
    )

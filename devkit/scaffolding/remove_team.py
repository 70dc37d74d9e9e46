"""Removes a team: its folder, its registry entry and the files generated for it."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from devkit.core import git, output
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.wording import few
from devkit.definitions import cache
from devkit.definitions.consumers import runs_of
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import venvs
from devkit.registry import edit
from devkit.registry.team import SUFFIX, Team
from devkit.registry.workspace import load_teams, select
from devkit.scaffolding import transaction

SHOWN = 8  # files that would be lost

# Files in a team's folder that Git ignores and tools regenerate.
REGENERATED = re.compile(
    r"(^|/)(\.venv[^/]*|__pycache__|\.(pytest|mypy|ruff)_cache|[^/]+\.egg-info)(/|$)"
)


def remove(name: str, *, force: bool) -> None:
    """Remove the team of this name; if that fails or is interrupted, restore it.

    `force`: even if uncommitted files are lost, or if it is unknown whether another team depends
    on it.

    Raises:
        DevkitError: if another team depends on its assets, even with `force`; without `force`, if
            uncommitted files would be lost.
    """
    location = name.removesuffix(SUFFIX) + SUFFIX
    if transaction.finish_interrupted(removing=location):
        output.info(f"Removed the incomplete {location}/.")
        return
    teams = load_teams(ROOT)
    chosen = select(teams, [name]) if name.strip(" ,") else ()
    if len(chosen) != 1:
        raise DevkitError(
            f"expected exactly one team, got {name!r}",
            expected=", ".join(team.name for team in teams),
            fix="see `invoke teams`",
        )
    team = chosen[0]
    rest = tuple(other for other in teams if other != team)
    _require_unused(team, teams, force=force)
    owned = _owns_folder(team, rest)
    lost = uncommitted_files(team) if owned else []
    if lost and not force:
        raise DevkitError(
            f"{team.folder}/ has uncommitted or ignored files: {_few(lost)}",
            fix=f"commit them or keep a copy, or `invoke remove-team {team.name} --yes`",
        )
    folder = team.directory if owned else team.environment
    with transaction.change(transaction.REMOVED, team, teams) as steps:
        text = edit.without_team(edit.read(), team)
        transaction.update_registry(steps, teams, rest, text)
        trash = steps.move_to_trash(folder) if folder.exists() else None
    cache.clear(team)
    if trash:
        shutil.rmtree(trash, ignore_errors=True)  # `invoke clean` removes what is left
    output.info(f"Removed team {team.name}" + (f"; deleted: {_few(lost)}" if lost else "."))
    if not owned:
        output.info(f"{team.folder}/ is kept: other teams use it too")
    output.info("Commit it: `git add --all`, then `git commit`.")


def consumers(team: Team, known: Sequence[Manifest]) -> dict[str, list[str]]:
    """The teams that depend on, watch or declare assets of this one, or wait for its runs.

    Asset keys, and `runs of` it, by team name.
    """
    produced = {key for found in known if found.team == team for key in found.produces}
    produced.add(runs_of(team.location))
    needed = {
        found.team.name: sorted(_needs(found) & produced) for found in known if found.team != team
    }
    return {name: keys for name, keys in needed.items() if keys}


def uncommitted_files(team: Team, root: Path = ROOT) -> list[str]:
    """The files in the team's folder that no commit has; ignored files first.

    No branch has ignored files, such as a `.env` with the team's secrets.
    """
    found = git.uncommitted_files(team.directory)
    if found is None:
        return ["all of it, since this is not a Git repository"]
    names = [(state, os.path.relpath(path, root)) for state, path in found]
    ignored = [name for state, name in names if state == "!!" and not REGENERATED.search(name)]
    return ignored + [name for state, name in names if state != "!!" and "D" not in state]


def _needs(found: Manifest) -> set[str]:
    return (
        found.reads
        | set(found.external_assets)
        | found.watched
        | set(map(runs_of, found.monitored))
    )


def _require_unused(team: Team, teams: Sequence[Team], *, force: bool) -> None:
    """Require that no other team depends on what this one produces.

    Raises:
        DevkitError: naming the consumers, or the teams whose definitions are unknown.
    """
    failed = venvs.build_all(teams)
    loaded = cache.load_all([each for each in teams if each.name not in failed])
    known = [found for found in loaded if isinstance(found, Manifest)]
    if found := consumers(team, known):
        needs = "; ".join(f"{name} depends on {', '.join(keys)}" for name, keys in found.items())
        raise DevkitError(
            f"cannot remove {team.name}: {needs}",
            expected="no other team depends on, watches or declares its assets or runs",
            fix=f"remove the dependency in {' and '.join(found)}, or let another team produce it",
        )
    unknown = [*failed, *(found.team.name for found in loaded if isinstance(found, Failure))]
    if unknown and not force:
        raise DevkitError(
            f"cannot tell whether a team depends on {team.name}: "
            f"{', '.join(unknown)} does not load",
            fix=f"invoke check; if you know, `invoke remove-team {team.name} --yes`",
        )


def _owns_folder(team: Team, rest: Sequence[Team]) -> bool:
    """Whether the folder is inside the repository, and no other team uses it."""
    inside = ROOT in team.directory.resolve().parents
    folders = {team.directory, *team.directory.parents} - {ROOT, *ROOT.parents}
    return inside and not any(
        other.directory in folders or team.directory in other.directory.parents for other in rest
    )


def _few(files: Sequence[str]) -> str:
    return ", ".join(few(files, SHOWN))

"""What every team defined at the merge base: loaded from git, in today's environments.

The code is that of the merge base, each team's and utils'; interpreters, packages and `.env` are
today's. What can't be known that way is said in a note.
"""

import os
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from devkit.core import git, parallel
from devkit.core.errors import DevkitError
from devkit.core.paths import REGISTRY, ROOT, SHARED
from devkit.definitions import loading
from devkit.definitions.affected import affected_by
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import lockfiles, variables
from devkit.environments.venvs import team_environment
from devkit.registry.workspace import Team, load_teams


@dataclass(frozen=True)
class BaseRevision:
    """The manifests at the merge base, in the order of its registry.

    `unknown` are the short names of the teams whose definitions could not be loaded, for
    `graph.difference`; `notes` are sentences. The places in the manifests name files of a folder
    that no longer exists.
    """

    manifests: tuple[Manifest, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]


def manifests_at(
    base: str, teams: Sequence[Team], today: Sequence[Manifest] = (), root: Path = ROOT
) -> BaseRevision:
    """What the teams defined at the merge base of HEAD and `base`, a branch, tag or commit.

    That is what the branch itself changes; without a common history it is what they defined at
    `base`. `teams` are today's, their environments up to date; a team that no change since then
    affects has its manifest of `today`, if that is given.

    Raises:
        DevkitError: if `base` is not found, or has no registry that can be read.
    """
    changes = git.changed_files(base, root)
    notes = []
    if changes.note:
        notes.append(
            f"The merge base with {base} is not known here, so this compares with {base} itself "
            "(in a shallow clone, `git fetch --unshallow` fetches the rest)."
        )
    with _checked_out(changes.start, base, root) as tree:
        old = _registry(tree, base)
        registry = (tree / REGISTRY.name).read_text(encoding="utf-8")
        reasons = affected_by(changes, teams, registry, root).reasons
        known = {one.team.location: one for one in today if one.team.name not in reasons}
        current = {team.location: team for team in teams}
        notes += [_gone(team, base) for team in old if team.location not in current]
        both = [team for team in old if team.location in current]
        changed = [team for team in both if team.location not in known]
        notes += [
            f"The dependencies of {team.name} were different at {base}: its definitions of that "
            "revision were loaded in today's environment."
            for team in changed
            if _pins(team) != _pins(current[team.location])
        ]
        load = partial(_load, current=current, tree=tree)
        loaded = dict(zip(changed, parallel.gather(load, changed), strict=True))
        found = [loaded[team] if team in loaded else known[team.location] for team in both]
    failures = [one for one in found if isinstance(one, Failure)]
    notes += [_failed(failure, base, tree) for failure in failures]
    return BaseRevision(
        tuple(one for one in found if isinstance(one, Manifest)),
        tuple(failure.team.name for failure in failures),
        tuple(notes),
    )


@contextmanager
def _checked_out(commit: str, base: str, root: Path) -> Iterator[Path]:
    """The files of a commit in a folder of their own, which is removed in any case.

    From an archive, which leaves the checkout and its list of worktrees alone.
    """
    with tempfile.TemporaryDirectory(prefix="dagteam-base-") as scratch:
        folder = Path(scratch).resolve() / "tree"
        folder.mkdir()
        archive = folder.parent / "tree.tar"
        done = git.archive(commit, archive, root)
        reason = done.stderr.strip() if done.code else _extract(archive, folder)
        if reason:
            raise DevkitError(
                f"the files of {base} can't be unpacked",
                expected=f"room for them in {folder}",
                found=reason,
                fix="free some space in the folder for temporary files, TMPDIR",
            )
        archive.unlink()
        if not (folder / REGISTRY.name).is_file():
            raise DevkitError(
                f"{base} has no {REGISTRY.name}, so its teams are unknown",
                expected=f"a revision with {REGISTRY.name} at its top",
                found=f"none at {commit[:12]}, the merge base with {base}",
                fix="name a later revision: `git log --oneline -- workspace.yaml`",
            )
        yield folder


def _extract(archive: Path, folder: Path) -> str | None:
    """Unpack an archive; why it failed, None if it did not."""
    try:
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="tar")
    except (OSError, tarfile.TarError) as error:
        return str(error)
    return None


def _registry(tree: Path, base: str) -> tuple[Team, ...]:
    try:
        return load_teams(tree)
    except DevkitError as error:
        raise DevkitError(
            f"the registry of {base} can't be read",
            expected=f"a {REGISTRY.name} as `invoke teams` reads it",
            found=error.what,
            fix="name a revision where it is valid: `git log --oneline -- workspace.yaml`",
        ) from None


def _load(team: Team, current: dict[str, Team], tree: Path) -> Manifest | Failure:
    """A team's definitions in the tree, with its utils before the one in the environment."""
    now = current[team.location]
    env = variables.of_team(now)
    shared = tree / SHARED.relative_to(ROOT)
    more = [env["PYTHONPATH"]] if env.get("PYTHONPATH") else []
    env["PYTHONPATH"] = os.pathsep.join([str(shared), *more])
    return loading.load(replace(team, python=now.python), env=env)


def _pins(team: Team) -> list[str]:
    """What a team's lock pins, without its comments and hashes."""
    lock = team_environment(team).lock
    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    return sorted(map(str, lockfiles.parse(text)))


def _gone(team: Team, base: str) -> str:
    return (
        f"{team.name} was a team at {base} and was removed, so nothing loads its definitions: "
        "what it produced is unknown, and not among what is removed."
    )


def _failed(failure: Failure, base: str, tree: Path) -> str:
    where = f"{failure.place.relative_to(tree)}: " if failure.place else ""
    message = " ".join(failure.message.split())
    return (
        f"The definitions that {failure.team.name} had at {base} don't load ({where}{message}): "
        "what it has added or removed is not known."
    )

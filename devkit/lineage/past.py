"""What every team defined where this branch left another: loaded from git, in today's environments.

The code is that of then, each team's and utils'; interpreters, packages and `.env` are
today's. Whatever can't be known that way is said in a sentence.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from devkit import locks, parallel, probe, processes, settings
from devkit.affected import REGISTRY, touched
from devkit.bootstrap import ROOT, clean_environment
from devkit.changes import changed_files
from devkit.environments import SHARED, team_environment
from devkit.errors import DevkitError
from devkit.manifest import Manifest
from devkit.probe import Failure
from devkit.workspace import Team, load_teams


@dataclass(frozen=True)
class Past:
    """What was found at `commit`, in the order of the registry of then.

    `unknown` are the short names of the teams whose definitions of then could not be loaded,
    for `graph.difference`; `notes` are sentences. The places in the manifests name files of
    a folder that is gone.
    """

    commit: str
    manifests: tuple[Manifest, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]


def manifests_at(
    base: str, teams: Sequence[Team], today: Sequence[Manifest] = (), root: Path = ROOT
) -> Past:
    """What the teams defined at the merge base of HEAD and `base`, a branch, tag or commit.

    That is what the branch itself changes; where the two have no common history, it is what
    they defined at `base`. `teams` are today's, their environments up to date; a team that no
    change since then touches has its manifest of `today`, if that is given.

    Raises:
        DevkitError: if `base` is not there, or has no registry that can be read.
    """
    changes = changed_files(base, root)
    notes = []
    if changes.note:
        notes.append(
            f"Where this branch left {base} is not known here, so this compares with {base} "
            "itself (in a shallow clone, `git fetch --unshallow` brings the rest)."
        )
    with _checked_out(changes.start, base, root) as then:
        old = _registry(then, base)
        registry = (then / REGISTRY).read_text(encoding="utf-8")
        reasons = touched(changes, teams, registry, root).reasons
        known = {one.team.location: one for one in today if one.team.name not in reasons}
        current = {team.location: team for team in teams}
        notes += [_gone(team, base) for team in old if team.location not in current]
        there = [team for team in old if team.location in current]
        notes += [
            f"The dependencies of {team.name} were others at {base}: its definitions of then "
            "were loaded in today's environment."
            for team in there
            if team.location not in known and _pins(team) != _pins(current[team.location])
        ]
        loaded = iter(
            parallel.gather(
                partial(_load, current=current, then=then),
                [team for team in there if team.location not in known],
            )
        )
        found = [known[t.location] if t.location in known else next(loaded) for t in there]
    failures = [one for one in found if isinstance(one, Failure)]
    notes += [_failed(failure, base, then) for failure in failures]
    return Past(
        changes.start,
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
        for argv in (
            ("git", "archive", "--format=tar", f"--output={archive}", commit),
            ("tar", "-xf", str(archive), "-C", str(folder)),
        ):
            done = processes.run(argv, cwd=root, env=clean_environment())
            if done.code:
                raise DevkitError(
                    f"the files of {base} can't be unpacked",
                    expected=f"`{argv[0]}` to write them to {folder}",
                    found=done.errors.strip(),
                    mend="see that there is room in the folder for temporary files, TMPDIR",
                )
        archive.unlink()
        if not (folder / REGISTRY).is_file():
            raise DevkitError(
                f"{base} has no {REGISTRY}, so its teams are not known",
                expected=f"a revision with {REGISTRY} at its top",
                found=f"none at {commit[:12]}, where this branch left {base}",
                mend="name a later revision: `git log --oneline -- workspace.yaml`",
            )
        yield folder


def _registry(then: Path, base: str) -> tuple[Team, ...]:
    try:
        return load_teams(then)
    except DevkitError as error:
        raise DevkitError(
            f"the registry of {base} can't be read",
            expected=f"a {REGISTRY} as `invoke teams` reads it",
            found=error.what,
            mend="name a revision where it is sound: `git log --oneline -- workspace.yaml`",
        ) from None


def _load(team: Team, current: dict[str, Team], then: Path) -> Manifest | Failure:
    """A team's definitions of then, with utils of then before the one in its environment."""
    now = current[team.location]
    env = settings.of_team(now)
    shared = then / SHARED.relative_to(ROOT)
    more = [env["PYTHONPATH"]] if env.get("PYTHONPATH") else []
    env["PYTHONPATH"] = os.pathsep.join([str(shared), *more])
    return probe.load(replace(team, python=now.python), env=env)


def _pins(team: Team) -> list[str]:
    """What a team's lock pins, without its comments and hashes."""
    lock = team_environment(team).lock
    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    return sorted(match[0] for match in locks.PIN.finditer(text))


def _gone(team: Team, base: str) -> str:
    return (
        f"{team.name} was a team at {base} and is none today, so nothing loads its definitions: "
        "what it made is not known, and not among what is removed."
    )


def _failed(failure: Failure, base: str, then: Path) -> str:
    where = f"{failure.place.relative_to(then)}: " if failure.place else ""
    message = " ".join(failure.message.split())
    return (
        f"The definitions that {failure.team.name} had at {base} don't load ({where}{message}): "
        "what it has added or removed is not known."
    )

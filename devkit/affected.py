"""`invoke affected`: which teams a change touches. In doubt too many rather than too few.

First what changed, which only git knows; then whom it concerns, which is pure.
"""

import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import yaml

from devkit import cache, processes
from devkit.bootstrap import ROOT, clean_environment
from devkit.environments import SHARED, team_environment
from devkit.errors import DevkitError
from devkit.manifest import Manifest
from devkit.processes import Finished
from devkit.workspace import FIELDS, Team

REGISTRY = "workspace.yaml"

# What no team's code is loaded by, runs under or is tested with. Whatever is neither here nor
# some team's (devkit, the orchestrator, a file that nobody has seen before) is everyone's.
KIT_ONLY = frozenset({
    ".ci", ".devcontainer", ".editorconfig", ".github", ".pre-commit-config.yaml", "LICENSE",
    "README.md", "benchmarks", "deploy", "docs", "tests",
})  # fmt: skip

# No setting of the user's may hide a file; a rename is a deletion and an addition.
DIFF = ("diff", "--name-only", "--no-renames", "--ignore-submodules=none", "-z")
UNTRACKED = ("ls-files", "--others", "--exclude-standard", "-z")

REASONS_FOR_A_PERSON = 3
REASONS_IN_JSON = 20  # an output of GitHub Actions may have 1 MB


@dataclass(frozen=True)
class Changes:
    """What differs from a base: sorted paths below the root, with `/` between their parts.

    `start` is the commit compared with, the merge base wherever there is one; `note` is a
    sentence that says so where there is none.
    """

    base: str
    start: str
    files: tuple[str, ...]
    note: str | None = None


def changed_files(base: str, root: Path = ROOT) -> Changes:
    """The files that HEAD, the index or the working tree have otherwise than `base` had.

    That is what a push, a commit or a run would take, from where HEAD's history left that of
    `base`; untracked files too, ignored ones not. In a git hook it is the hook's own index.

    Raises:
        DevkitError: if git is not installed, `root` is not the top of a checkout with a
            commit, or `base` is not there.
    """
    _require_checkout(root)
    tip = _commit(base, root)
    if tip is None:
        raise _no_base(base, root)
    common = _git(root, "merge-base", tip, "HEAD")
    start = tip if common.code else common.output.strip()
    listings = [(*DIFF, start, "HEAD", "--"), (*DIFF, "--cached", start, "--"),
                (*DIFF, start, "--"), UNTRACKED]  # fmt: skip
    files = {file for listing in listings for file in _list(root, listing)}
    note = _no_history(base, root) if common.code else None
    return Changes(base, start, tuple(sorted(files)), note)


def _require_checkout(root: Path) -> None:
    asked = _git(root, "rev-parse", "--is-inside-work-tree", "--show-prefix")
    if asked.code or asked.output.splitlines() != ["true", ""]:
        if "dubious ownership" in asked.errors:
            raise DevkitError(
                f"git reads no checkout that is somebody else's: {root}",
                mend=f"`git config --global --add safe.directory {root}`",
            )
        raise DevkitError(
            f"what changed is not known: {root} is not the top of a git checkout",
            expected="a clone of the repository",
            found=asked.errors.partition("\n")[0] or "a folder inside another checkout",
            mend="`git clone` the repository, and run this in the clone",
        )
    if _commit("HEAD", root) is None:
        raise DevkitError(
            "nothing can be compared: this checkout has no commit yet",
            mend="`git add --all`, then `git commit`",
        )


def _commit(name: str, root: Path) -> str | None:
    if name.startswith("-"):  # git would take it for an option
        return None
    done = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return None if done.code else done.output.strip()


def _list(root: Path, arguments: Sequence[str]) -> list[str]:
    done = _git(root, *arguments)
    if done.code:
        raise DevkitError(f"`git {' '.join(arguments)}` failed", found=done.errors.strip())
    return list(filter(None, done.output.split("\0")))


def _git(root: Path, *arguments: str) -> Finished:
    """Ask git, with what it set for a hook, if this is one; it takes no lock and speaks English."""
    env = {**clean_environment(), "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return processes.run(("git", *arguments), cwd=root, env=env)
    except FileNotFoundError:
        raise DevkitError(
            "git is not installed, and only git knows what changed",
            mend="install it (on Debian and Ubuntu: `sudo apt install git`)",
        ) from None


def _no_base(base: str, root: Path) -> DevkitError:
    """The error for a base that is not there, with the command that fetches it."""
    shallow = _is_shallow(root)
    branch = re.split(r"[~^:]|@\{", base.removeprefix("refs/remotes/"))[0]
    remotes = _git(root, "remote").output.split()
    remote = next((name for name in remotes if branch.startswith(f"{name}/")), None)
    what = ["--unshallow"] if shallow else []
    if remote:  # the whole refspec: a clone of one branch has no other one's
        branch = branch.removeprefix(f"{remote}/")
        what.append(f"{remote} {branch}:refs/remotes/{remote}/{branch}")
    return DevkitError(
        f"the base {base!r} is not there",
        expected="a branch, tag or commit of this repository",
        found=f"no such commit in this {'shallow clone' if shallow else 'checkout'}",
        mend=f"`git fetch {' '.join(what)}`" if what else "name one of `git branch --all`",
    )


def _no_history(base: str, root: Path) -> str:
    """The sentence for a base and a HEAD without a common ancestor."""
    doubt = f"so this compares with {base} itself and may name too many teams"
    if _is_shallow(root):
        return (
            f"where HEAD left {base} is not in this shallow clone, {doubt}: "
            "`git fetch --unshallow` fetches the rest"
        )
    return f"{base} and HEAD have no common history, {doubt}: `--base` names another"


def _is_shallow(root: Path) -> bool:
    return _git(root, "rev-parse", "--is-shallow-repository").output.strip() == "true"


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
    before = _git(root, "cat-file", "blob", f"{changes.start}:{REGISTRY}")
    return touched(changes, teams, None if before.code else before.output, root)


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
    external = {
        asset.key for found in known for asset in found.assets if asset.external is not None
    }
    reads = {found.team.name: found.reads - external for found in known}
    return with_readers(change, teams, reads, {one.team.name: set(one.makes) for one in known})


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

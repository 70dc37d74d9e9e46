"""`invoke remove-team`: a team goes with its folder, its entry and all that is derived from it."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from devkit import alterations, cache, environments, output, processes, registration, registry
from devkit.bootstrap import ROOT, clean_environment
from devkit.errors import DevkitError
from devkit.manifest import Manifest
from devkit.probe import Failure
from devkit.workspace import SUFFIX, Team, load_teams, select

GONE = ROOT / ".dagteam" / "removed"
SHOWN = 8  # of the files that would be lost

# What tools make anew in a team's folder, and git ignores.
MADE_ANEW = re.compile(
    r"(^|/)(\.venv[^/]*|__pycache__|\.(pytest|mypy|ruff)_cache|[^/]+\.egg-info)(/|$)"
)


def remove(name: str, *, sure: bool) -> None:
    """Remove the team of this name; whatever fails or is interrupted, it is gone or as it was.

    `sure`: also if work is lost that git does not have, or if it is not known who reads what
    it makes.

    Raises:
        DevkitError: if another team reads its assets, `sure` or not; if work would be lost.
    """
    teams = load_teams(ROOT)
    location = name.removesuffix(SUFFIX) + SUFFIX
    if alterations.left_behind(teams) == location:
        _delete(ROOT / location)
        output.say(f"{location}/, which was half-made, is gone")
        return
    alterations.require_nothing_left(teams)
    (team,) = select(teams, [name])
    rest = tuple(other for other in teams if other != team)
    _require_unread(team, teams, sure=sure)
    alone = _is_alone(team, rest)
    lost = work(team) if alone else []
    if lost and not sure:
        raise DevkitError(
            f"{_inside(team.directory)}/ has what git does not have: {_few(lost)}",
            mend=f"commit it or keep a copy, or `invoke remove-team {team.name} --yes`",
        )
    with alterations.alone(team, teams), alterations.told(team, "removed"):
        with registration.changed(teams, rest, registry.without_team(registry.read(), team)):
            going = _out_of_the_way(team.directory if alone else team.environment)
        _delete(going)
        cache.forget(team)
    output.say(f"{team.name} is no team any more" + (f"; lost: {_few(lost)}" if lost else ""))
    if not alone:
        output.say(f"{_inside(team.directory)}/ stays: it is not this team's alone")
    output.say("what is left to do: `git add --all`, and commit")


def readers(team: Team, known: Sequence[Manifest]) -> dict[str, list[str]]:
    """The other teams that read, watch or name what this one makes: keys by short name."""
    made = {key for found in known if found.team == team for key in found.makes}
    needed = {
        found.team.name: sorted(_needs(found) & made) for found in known if found.team != team
    }
    return {name: keys for name, keys in needed.items() if keys}


def work(team: Team) -> list[str]:
    """What is in the team's folder and not in git, as git names it; what it ignores first.

    That is what no branch will ever have: a `.env` with the team's secrets.
    """
    argv = ("git", "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all",
            "--ignored=matching", "--", ".")  # fmt: skip
    done = processes.run(argv, cwd=team.directory, env=clean_environment())
    if done.code:  # no git checkout
        return ["all of it, since this is no git checkout"]
    found = [(line[:2], line[3:]) for line in done.output.split("\0") if line]
    ignored = [path for state, path in found if state == "!!" and not MADE_ANEW.search(path)]
    return ignored + [path for state, path in found if state != "!!" and "D" not in state]


def _needs(found: Manifest) -> set[str]:
    watched = {key for sensor in found.sensors for key in sensor.watches}
    watched |= {key for asset in found.assets for key in asset.watches}
    return found.reads | set(found.stubs) | watched


def _require_unread(team: Team, teams: Sequence[Team], *, sure: bool) -> None:
    """Hold that no other team needs what this one makes.

    Raises:
        DevkitError: naming who needs what, or whose definitions are not known.
    """
    unbuilt = environments.unbuilt(teams)
    loaded = cache.load_all([each for each in teams if each.name not in unbuilt])
    known = [found for found in loaded if isinstance(found, Manifest)]
    if found := readers(team, known):
        needs = "; ".join(f"{name} reads {', '.join(keys)}" for name, keys in found.items())
        raise DevkitError(
            f"{team.name} can't go: {needs}",
            expected="no other team reads, watches or names what it makes",
            mend=f"let {' and '.join(found)} do without, or another team make it",
        )
    unknown = [*unbuilt, *(found.team.name for found in loaded if isinstance(found, Failure))]
    if unknown and not sure:
        raise DevkitError(
            f"whether a team reads what {team.name} makes is not known: "
            f"{', '.join(unknown)} does not load",
            mend=f"invoke check; if you know, `invoke remove-team {team.name} --yes`",
        )


def _is_alone(team: Team, rest: Sequence[Team]) -> bool:
    """Whether the folder is inside the repository and holds nothing of another team's."""
    inside = ROOT in team.directory.resolve().parents
    folders = {team.directory, *team.directory.parents} - {ROOT, *ROOT.parents}
    return inside and not any(
        other.directory in folders or team.directory in other.directory.parents for other in rest
    )


def _out_of_the_way(folder: Path) -> Path:
    """Move a folder, at once and as a whole, to where nobody looks for it."""
    GONE.mkdir(parents=True, exist_ok=True)
    _delete(GONE / folder.name)
    return folder.rename(GONE / folder.name) if folder.exists() else GONE / folder.name


def _delete(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _inside(path: Path) -> str:
    return str(path.relative_to(ROOT)) if ROOT in path.parents else str(path)


def _few(items: Sequence[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")

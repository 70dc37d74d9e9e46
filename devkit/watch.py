"""What a saved file means: which teams it touches, and how much of them begins anew."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import watchfiles

from devkit import environments
from devkit.bootstrap import ROOT
from devkit.environments import SHARED
from devkit.locations import Change
from devkit.workspace import Team

REGISTRY = ROOT / "workspace.yaml"

# A burst of saves is one change once nothing was saved for QUIET_MS milliseconds.
QUIET_MS = 100
LONGEST_BURST_MS = 1000


class CodeFilter(watchfiles.DefaultFilter):
    """Lets through what a team's code is made of, and none of what tools and tests leave."""

    ignore_dirs = (*watchfiles.DefaultFilter.ignore_dirs, "tests")
    ignore_entity_patterns = (
        *watchfiles.DefaultFilter.ignore_entity_patterns,
        r"^\.",
        r"~$",
        r"^#.*#$",
        r"^4913$",  # vim tries with it whether it may create files
        r"\.(swp|swx|tmp|bak|orig)$",
        r"^(test_.*|.*_test|conftest)\.py$",
        r"_tests$",
    )


def touched(path: Path, teams: Iterable[Team]) -> dict[str, Change]:
    """The locations that a saved file touches, and how; the registry itself touches none."""
    found = {}
    for team in teams:
        if path in _environment_files(team):
            found[team.location] = Change.ENVIRONMENT
        elif path.is_relative_to(_package(team)) or path.is_relative_to(SHARED / "utils"):
            found[team.location] = Change.CODE
    return found


async def follow(
    teams: Sequence[Team], saved: Callable[[set[Path]], None], *, polling: bool = False
) -> None:
    """Call `saved` with the files of each burst of saves, until this is cancelled.

    `polling` looks at every file again and again, where the system can't tell what changes.

    Packages are watched in depth; of the folders around them, which hold environments of
    thousands of folders, only the files that matter.
    """
    code = [path for path in {SHARED / "utils", *map(_package, teams)} if path.is_dir()]
    single = {REGISTRY, *(file for team in teams for file in _environment_files(team))}
    folders = {file.parent for file in single}

    async def take(
        paths: Iterable[Path], passes: Callable[[watchfiles.Change, str], bool], in_depth: bool
    ) -> None:
        async for changes in watchfiles.awatch(
            *paths,
            watch_filter=passes,
            debounce=LONGEST_BURST_MS,
            step=QUIET_MS,
            recursive=in_depth,
            force_polling=polling,
            ignore_permission_denied=True,
        ):
            saved({Path(path) for _, path in changes})

    both = (
        take(code, CodeFilter(), in_depth=True),
        take(folders, lambda _, path: Path(path) in single, in_depth=False),
    )
    await asyncio.gather(*both)


def _package(team: Team) -> Path:
    return team.directory / team.package


def _environment_files(team: Team) -> set[Path]:
    """The files that decide the team's environment: what is in it, and its variables."""
    environment = environments.team_environment(team)
    projects = {folder / "pyproject.toml" for folder in environment.projects}
    return {environment.lock, team.env_file, *projects}

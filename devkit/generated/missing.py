"""Why a build lacks what its code imports: the hint below a proof that fails."""

import re
from pathlib import PurePosixPath

from devkit.core import files, git
from devkit.core.paths import DEPLOYED_LOCK, ROOT
from devkit.core.pyproject import package_name
from devkit.definitions.loading import Failure
from devkit.environments import lockfiles
from devkit.environments.installed import distributions, modules
from devkit.registry.team import Team

MODULE = re.compile(r"No module named '([\w.]+)'")
METADATA = re.compile(r"No package metadata was found for ([\w.-]+)")
FILE = re.compile(r"No such file or directory: '([^']+)'")


def hint(found: Failure) -> str | None:
    """What a build lacks, and how it gets there; None if the error is of another kind."""
    if name := MODULE.search(found.message):
        return _module(found.team, name[1].partition(".")[0])
    if name := METADATA.search(found.message):
        return _distribution(found.team, name[1])
    if name := FILE.search(found.message):
        return (
            f"{name[1]} is not in the build, which has the files of the team's sources and "
            "libraries that Git tracks\n"
            "  fix:      put it into a package, and find it from the module (`Path(__file__)`)"
        )
    return None


def _module(team: Team, name: str) -> str | None:
    """The hint for a module that is not found."""
    if places := _in_repository(name):
        return (
            f"{places[0]} is in the repository, but not in the build\n"
            f"  fix:      name it in [tool.dagteam] of {team.folder}/pyproject.toml: `libraries`, "
            "or `sources` if it is the team's own"
        )
    return _local(team, name) if name in modules(team.environment) else None


def _in_repository(name: str) -> list[str]:
    """Where the repository has a module or package of this name: the shallowest first."""
    found = set()
    for file in map(PurePosixPath, git.index_files(ROOT)):
        if file.name == f"{name}.py":
            found.add(file)
        elif file.suffix == ".py" and name in file.parts[:-1]:
            found.add(PurePosixPath(*file.parts[: file.parts.index(name) + 1]))
    return [str(path) for path in sorted(found, key=lambda path: (len(path.parts), path))]


def _distribution(team: Team, name: str) -> str | None:
    """The hint for a distribution whose metadata is not found."""
    known = package_name(name)
    deployed = lockfiles.pinned(files.read_text(team.dist / DEPLOYED_LOCK))
    is_local = known in distributions(team.environment) and known not in deployed
    return _local(team, known) if is_local else None


def _local(team: Team, name: str) -> str:
    return (
        f"{name} is installed in the team's local environment, but the deployed lock lacks it\n"
        f"  fix:      list it in the `dependencies` of {team.folder}/pyproject.toml, then "
        f"invoke lock --team {team.name}"
    )

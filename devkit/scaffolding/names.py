"""The name of a new team: valid for its package, and not taken."""

import keyword
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, TOOLS
from devkit.environments import installed, venvs
from devkit.environments.project import TOOLS_NAME, all_projects
from devkit.registry.team import SUFFIX, Team

MAX_LENGTH = 30  # it is part of socket paths, and the prefix of lines of `invoke dev`


def new_team(name: str, teams: Sequence[Team]) -> Team:
    """The team of this name, which need not exist; `finance` and `finance_project` are the same.

    Raises:
        DevkitError: if no team can have this name; suggests another one.
    """
    name = name.removesuffix(SUFFIX)
    if reason := refusal(name, teams):
        raise DevkitError(
            f"invalid team name {name!r}: {reason}",
            expected=f"up to {MAX_LENGTH} of a-z, 0-9 and single _ between them, starting with a "
            "letter; not in use",
            fix=f"invoke new-team {suggestion(name, teams)}",
        )
    location = name + SUFFIX
    directory = ROOT / location
    return Team(
        location=location,
        module=f"{location}.definitions",
        directory=directory,
        python=directory / f".venv-{name}" / "bin" / "python",
        line=0,
    )


def refusal(name: str, teams: Sequence[Team]) -> str | None:
    """Why no new team can have this name; None if one can."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        return "it is not the name of a Python package"
    if "__" in name or name.endswith("_"):
        return "an image or a name in a cluster can't have such a _"
    if len(name) > MAX_LENGTH:
        return f"it has {len(name)} characters"
    package = name + SUFFIX
    if {name, package} & {known for team in teams for known in (team.name, team.location)}:
        return "there is a team of that name"
    if name in {project.name for project in all_projects(())}:
        return "it is a reserved name"
    for taken in (name, package):
        if (ROOT / taken).exists() or (ROOT / f"{taken}.py").exists():
            return f"the repository already has {taken}"
        if taken in sys.stdlib_module_names:
            return "it is a module of Python's standard library"
        if environment := next(_environments_with(taken, teams), None):
            return f"it is a module in the environment of {environment}"
    return None


def suggestion(name: str, teams: Sequence[Team]) -> str:
    """A name like this one that a new team can have."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    stem = re.sub(r"[^a-z0-9]+", "_", words).strip("_").removesuffix(SUFFIX) or "new"
    stem = stem if stem[0].isalpha() else f"team_{stem}"
    stem = stem[: MAX_LENGTH - len("_team99")].strip("_")
    candidates = [stem, f"{stem}_team", *(f"{stem}_team{number}" for number in range(2, 100))]
    return next(each for each in candidates if refusal(each, teams) is None)


def _environments_with(module: str, teams: Sequence[Team]) -> Iterator[str]:
    """The names of the environments that have a module of this name."""
    folders = {TOOLS_NAME: TOOLS}
    folders |= {one.name: one.path for one in venvs.every_environment(teams)}
    for name, folder in folders.items():
        if module in installed.modules(folder):
            yield name

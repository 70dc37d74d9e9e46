"""What a new team may be called: the name of its package, and nobody's yet."""

import keyword
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence

from devkit import installed, locks
from devkit.bootstrap import ROOT, TOOLS
from devkit.environments import orchestrator_environment
from devkit.errors import DevkitError
from devkit.workspace import SUFFIX, Team

LONGEST = 30  # its sockets and the lines that name it have to fit somewhere


def new_team(name: str, teams: Sequence[Team]) -> Team:
    """The team that this name would make: `finance` and `finance_project` are the same.

    Raises:
        DevkitError: if it can't have the name, with one that it could have.
    """
    name = name.removesuffix(SUFFIX)
    if reason := refusal(name, teams):
        raise DevkitError(
            f"a team can't be called {name!r}: {reason}",
            expected=f"up to {LONGEST} of a-z, 0-9 and _, a letter first; not taken yet",
            mend=f"invoke new-team {suggestion(name, teams)}",
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
    if len(name) > LONGEST:
        return f"it has {len(name)} characters"
    package = name + SUFFIX
    if {name, package} & {known for team in teams for known in (team.name, team.location)}:
        return "there is a team of that name"
    if name in {room.name for room in locks.rooms(())}:
        return "that is what `--team` calls one of the kit's own rooms"
    for taken in (name, package):
        if (ROOT / taken).exists() or (ROOT / f"{taken}.py").exists():
            return f"the repository has a {taken} of its own"
        if taken in sys.stdlib_module_names:
            return "it is a module of Python's standard library"
        if room := next(_rooms_with(taken, teams), None):
            return f"it is a module that is installed in the environment of {room}"
    return None


def suggestion(name: str, teams: Sequence[Team]) -> str:
    """A name like this one that a new team can have."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    stem = re.sub(r"[^a-z0-9]+", "_", words).strip("_").removesuffix(SUFFIX) or "new"
    stem = stem if stem[0].isalpha() else f"team_{stem}"
    stem = stem[: LONGEST - len("_team99")].strip("_")
    candidates = [stem, f"{stem}_team", *(f"{stem}_team{number}" for number in range(2, 100))]
    return next(each for each in candidates if refusal(each, teams) is None)


def _rooms_with(module: str, teams: Sequence[Team]) -> Iterator[str]:
    """The rooms in whose environment a module of this name is installed."""
    environments = {"tools": TOOLS, "orchestrator": orchestrator_environment().path}
    environments |= {team.name: team.environment for team in teams}
    for room, environment in environments.items():
        if module in installed.modules(environment):
            yield room

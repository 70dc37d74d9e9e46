"""The files that are derived from the registry, so that nobody keeps a second list of teams.

Each part is pure: it gives texts by path. `stale` reads and `write` writes.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from devkit import doctor, editors, output
from devkit.bootstrap import ROOT
from devkit.deploy import cloud, compose, helm
from devkit.errors import DevkitError
from devkit.workspace import Team

PARTS: tuple[Callable[[Sequence[Team]], dict[Path, str]], ...] = (
    editors.files,
    cloud.files,
    doctor.files,
    helm.files,
    compose.files,
)


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file, by its path."""
    return {path: text for part in PARTS for path, text in part(teams).items()}


def stale(teams: Sequence[Team]) -> list[Path]:
    """The files that are not there, or not what the registry makes them."""
    wanted = files(teams).items()
    return [path for path, text in wanted if not path.exists() or path.read_text() != text]


def write(teams: Sequence[Team]) -> None:
    """Write the files that are stale, and name them."""
    written = stale(teams)
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files(teams)[path])
        output.say(f"written: {path.relative_to(ROOT)}")
    if not written:
        output.say("what is derived from the registry is up to date")


def require_fresh(teams: Sequence[Team]) -> None:
    """Write nothing.

    Raises:
        DevkitError: naming each file that is stale.
    """
    if found := stale(teams):
        names = ", ".join(str(path.relative_to(ROOT)) for path in found)
        raise DevkitError(f"not what the registry makes it: {names}", mend="invoke derive")

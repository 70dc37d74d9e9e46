"""The platform on a single host: a Compose file and a workspace, generated from the registry.

They are texts, not a dumped tree, since an administrator reads them.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from devkit.core import pythons
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.environments import interpreters
from devkit.generated import dagster_yaml
from devkit.generated.scalars import scalar
from devkit.registry.team import Kind, Team
from devkit.registry.workspace import load_remotes

FOLDER = ROOT / "deploy"
TEMPLATES = Path(__file__).parent / "templates"
PORT = 4000
RESERVED = frozenset({"postgres", "migrate", "webserver", "daemon"})
IMAGE = re.compile(
    r"[a-z0-9]+(?:__?[a-z0-9]+)*"
)  # a name for Docker, as far as a location's may go
HEADER = "# Generated from workspace.yaml by `invoke derive`: edits are lost.\n"


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file, by its path.

    Raises:
        DevkitError: if a location has the name of one of the platform's services, or one that no
            image can have.
    """
    if taken := sorted(RESERVED.intersection(team.identifier for team in teams)):
        raise DevkitError(
            f"invalid location name {taken[0]!r}: a service of the Compose file has this name",
            fix="give it another location_name in workspace.yaml, then invoke derive",
        )
    if wrong := [one.identifier for one in teams if not IMAGE.fullmatch(one.identifier.lower())]:
        raise DevkitError(
            f"invalid location name {wrong[0]!r}: an image can't have this name",
            expected="letters and digits, with _ or __ between them",
            fix="give it another location_name in workspace.yaml, then invoke derive",
        )
    return {
        FOLDER / "compose.yaml": HEADER + platform(teams),
        FOLDER / "workspace.yaml": HEADER + workspace(teams),
        FOLDER / "dagster.yaml": dagster_yaml.text(),
    }


def platform(teams: Sequence[Team]) -> str:
    """The Compose file: the services of the platform, and one for each team."""
    start, team, end = (
        (TEMPLATES / name).read_text(encoding="utf-8")
        for name in ("compose-platform.yaml", "compose-team.yaml.tmpl", "compose-end.yaml")
    )
    return start + "".join(team % _names(one) for one in teams) + end


def workspace(teams: Sequence[Team]) -> str:
    """The workspace of webserver and daemon: the code servers by their names in the network."""
    servers: list[object] = [
        {"grpc_server": {"host": team.identifier, "port": PORT, "location_name": team.location}}
        for team in teams
    ]
    servers += [
        {"grpc_server": {**remote.fields, "location_name": remote.location}}
        for remote in load_remotes(ROOT)
    ]
    text: str = yaml.safe_dump({"load_from": servers}, sort_keys=False)
    return text


def _names(team: Team) -> dict[str, str]:
    # Docker accepts only lowercase names of images.
    return {
        "location": team.identifier,
        "key": scalar(team.identifier),
        "image": team.identifier.lower(),
        "loaded": "".join(f", {name}: {scalar(text)}" for name, text in _loaded(team).items()),
        "python": _python(team),
    }


def _python(team: Team) -> str:
    """The image's argument for its Python, if the usual one is not allowed."""
    version = interpreters.deployed(team.directory)
    if version == pythons.DEPLOYED:
        return ""
    variable = f"PYTHON_IMAGE_{version.replace('.', '_')}"
    return f', PYTHON_IMAGE: "${{{variable}:-python:{version}-slim-bookworm}}"'


def _loaded(team: Team) -> dict[str, str]:
    """The image's arguments for what Dagster loads."""
    name = {Kind.MODULE: "MODULE", Kind.PACKAGE: "PACKAGE", Kind.FILE: "FILE"}.get(team.kind)
    if name is None:
        raise DevkitError(
            f"{team.location} can't be served by an image: Dagster has no variable for {team.kind}",
            fix="load a module with a Definitions object, in workspace.yaml",
        )
    found = {"MODULE": "", name: team.deployed}
    if team.attribute:
        found["ATTRIBUTE"] = team.attribute
    if team.location != team.identifier:
        found["NAME"] = team.location
    return found

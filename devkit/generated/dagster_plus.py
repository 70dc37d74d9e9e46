"""`dagster_cloud.yaml`: the code locations of Dagster+, one for each team.

Its format: https://docs.dagster.io/deployment/code-locations/dagster-cloud-yaml
"""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, doc
from devkit.registry.team import Kind, Team

FILE = ROOT / "dagster_cloud.yaml"
HEADER = f"""\
# Generated from workspace.yaml by `invoke derive`: edits are lost.
# Dagster+ builds the folders in dist/, which `invoke build` creates: see {doc("dagster-plus.md")}.
"""


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of the file, by its path.

    A file that somebody wrote, and that `derive` was told to take over, is edited: see `merged`.
    """
    current = FILE.read_text(encoding="utf-8") if FILE.is_file() else ""
    if current.strip() and not current.startswith(HEADER[:40]):
        return {FILE: merged(current, teams)}
    locations = [_location(team) for team in teams]
    return {FILE: HEADER + yaml.safe_dump({"locations": locations}, sort_keys=False)}


def merged(text: str, teams: Sequence[Team]) -> str:
    """A file with what is loaded and built of each team, and all else as it is.

    Comments, locations that are no team, and other fields of a location stay.

    Raises:
        DevkitError: if it is no valid YAML, or has no list `locations`.
    """
    # Reading and writing YAML with its comments: half as long to import as all of the kit.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.util import load_yaml_guess_indent

    writer = YAML()
    writer.preserve_quotes = True
    writer.width = 1000  # no line of it is wrapped
    try:
        document, indent, offset = load_yaml_guess_indent(text, yaml=writer)
    except YAMLError as error:
        raise DevkitError(
            f"{FILE.name} is not valid YAML: {' '.join(str(error).split())}",
            fix=f"edit {FILE.name}",
        ) from None
    listed = document.get("locations") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise DevkitError(
            f"{FILE.name} has no list of locations", fix=f"edit {FILE.name}, or remove it"
        )
    known = {one.get("location_name"): one for one in listed}
    for team in teams:
        wanted = _location(team)
        found = known.get(team.location)
        if found is None:
            listed.append(wanted)
            continue
        if found.get("code_source") != wanted["code_source"]:
            found["code_source"] = wanted["code_source"]
        build = found.get("build")
        if isinstance(build, dict):
            build.update(wanted["build"])
        else:
            found["build"] = wanted["build"]
    step = indent or 2
    writer.indent(mapping=2, sequence=step, offset=offset or 0)
    stream = StringIO()
    writer.dump(document, stream)
    return stream.getvalue()


def _location(team: Team) -> dict[str, Any]:
    return {
        "location_name": team.location,
        "code_source": _source(team),
        "build": {"directory": team.dist.relative_to(ROOT).as_posix()},
    }


def _source(team: Team) -> dict[str, str]:
    """What Dagster+ loads: in dist/, a file has the path that it has below its import root."""
    name = {Kind.PACKAGE: "package_name", Kind.FILE: "python_file"}.get(team.kind, "module_name")
    return {name: team.deployed} | ({"attribute": team.attribute} if team.attribute else {})

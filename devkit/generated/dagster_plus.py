"""`dagster_cloud.yaml`: the code locations of Dagster+, one for each team.

Its format: https://docs.dagster.io/deployment/code-locations/dagster-cloud-yaml
"""

from collections.abc import Sequence
from pathlib import Path

import yaml

from devkit.core.paths import ROOT, doc
from devkit.registry.team import Kind, Team

FILE = ROOT / "dagster_cloud.yaml"
HEADER = f"""\
# Generated from workspace.yaml by `invoke derive`: edits are lost.
# Dagster+ builds the folders in dist/, which `invoke build` creates: see {doc("dagster-plus.md")}.
"""


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of the file, by its path."""
    locations = [
        {
            "location_name": team.location,
            "code_source": _source(team),
            "build": {"directory": team.dist.relative_to(ROOT).as_posix()},
        }
        for team in teams
    ]
    return {FILE: HEADER + yaml.safe_dump({"locations": locations}, sort_keys=False)}


def _source(team: Team) -> dict[str, str]:
    """What Dagster+ loads: in dist/, a file has the path that it has below its import root."""
    name = {Kind.PACKAGE: "package_name", Kind.FILE: "python_file"}.get(team.kind, "module_name")
    return {name: team.deployed} | ({"attribute": team.attribute} if team.attribute else {})

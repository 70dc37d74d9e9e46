"""dagster.yaml for a single host: the orchestrator's, with PostgreSQL and a launcher of containers.

Schedules, sensors, limits and retention are configured once, in orchestrator/dagster.yaml.
"""

from pathlib import Path

from devkit.core.paths import DAGSTER_YAML

HEADER = """\
# Generated from orchestrator/dagster.yaml by `invoke derive`: edits are lost.
# The instance on a single host: history in PostgreSQL, and each run in a container of its team's
# image. deploy/compose.yaml sets the environment variables.
"""
TEMPLATE = Path(__file__).parent / "templates" / "dagster-yaml-host.yaml"


def text() -> str:
    """The text of deploy/dagster.yaml, without the first comment, which is about development."""
    _, _, settings = DAGSTER_YAML.read_text(encoding="utf-8").partition("\n\n")
    return f"{HEADER}\n{settings}{TEMPLATE.read_text(encoding='utf-8')}"

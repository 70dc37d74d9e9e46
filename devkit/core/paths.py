"""The repository's fixed paths, in one list.

Standard library only, in syntax that old Pythons understand: `bootstrap` needs it.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# The kit: its commands, and the project of its tools.
KIT = ROOT / "devkit"
PROGRAMS = KIT / "programs"
TOOLS = ROOT / ".venv-tools"

ORCHESTRATOR = ROOT / "orchestrator"
ORCHESTRATOR_VENV = ROOT / ".venv-dagit"
DAGSTER_YAML = ORCHESTRATOR / "dagster.yaml"

SHARED = ROOT / "utils"
REGISTRY = ROOT / "workspace.yaml"
DIST = ROOT / "dist"
STATE = ROOT / ".dagteam"  # caches, logs, and records of unfinished work

# The two locks of a project: for its local environment and for its deployment.
LOCAL_LOCK = "local_requirements.txt"
DEPLOYED_LOCK = "requirements.txt"
TOOLS_LOCK = KIT / LOCAL_LOCK


def shown(path: Path) -> str:
    """A path for a message: relative to the root if it is below it."""
    return str(path.relative_to(ROOT) if ROOT in path.parents else path)

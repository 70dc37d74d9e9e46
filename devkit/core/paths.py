"""Where everything is: the one list of this repository's fixed paths.

Standard library only, in words that an old Python can read: `bootstrap` needs it.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# The kit: its commands, and the project whose lock its tools come from.
KIT = ROOT / "devkit"
PROGRAMS = KIT / "programs"
TOOLS = ROOT / ".venv-tools"

ORCHESTRATOR = ROOT / "orchestrator"
ORCHESTRATOR_VENV = ROOT / ".venv-dagit"
DAGSTER_YAML = ORCHESTRATOR / "dagster.yaml"

SHARED = ROOT / "utils"
REGISTRY = ROOT / "workspace.yaml"
DIST = ROOT / "dist"
STATE = ROOT / ".dagteam"  # caches, and records of what is under way

# The two locks of a project: of its local environment, and of what is deployed.
LOCAL_LOCK = "local_requirements.txt"
DEPLOYED_LOCK = "requirements.txt"
TOOLS_LOCK = KIT / LOCAL_LOCK

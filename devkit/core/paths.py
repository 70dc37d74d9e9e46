"""The repository's fixed paths, in one list.

Standard library only, in syntax that old Pythons understand: `bootstrap` needs it.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# The kit: its commands, and the project of its tools.
KIT = ROOT / "devkit"
PROGRAMS = KIT / "programs"
TOOLS = ROOT / ".venv-tools"

# A repository that has adopted the kit has all of it in the one folder, and a record of it there.
ADOPTED = KIT / "adopted.toml"
BASELINE = KIT / "baseline.toml"  # what `invoke check` found on the first day
RULES = KIT / "pyproject.toml"  # the kit's rules of style
ORCHESTRATOR = (KIT if (KIT / "orchestrator").is_dir() else ROOT) / "orchestrator"
DOCS = (KIT if (KIT / "docs").is_dir() else ROOT) / "docs"

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


def doc(page: str) -> str:
    """A page of the documentation as a message names it, relative to the root."""
    return shown(DOCS / page)


def shown(path: Path) -> str:
    """A path for a message: relative to the root if it is below it."""
    return str(path.relative_to(ROOT) if ROOT in path.parents else path)

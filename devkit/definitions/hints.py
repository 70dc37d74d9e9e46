"""What may be the cause of a failure to load that the error itself does not name."""

import os
import re
from contextlib import suppress
from pathlib import Path

from devkit.core.paths import shown
from devkit.definitions.loading import Failure

VARIABLE = "DAGSTER_IS_DEV_CLI"
# What only works, or only prepares a file that is read later, under `dagster dev` and `dg dev`.
IN_CODE = re.compile(rf"{VARIABLE}|prepare_if_dev|using_dagster_dev")
IN_ERRORS = re.compile(r"DagsterDbtManifestNotFoundError|FileNotFoundError|No such file")


def hint(found: Failure) -> str | None:
    """The hint to print below a failure; None if there is none."""
    if not IN_ERRORS.search(f"{found.message}\n{found.traceback}"):
        return None
    if "DagsterDbtManifest" not in found.traceback and not any(map(_uses_variable, found.team.own)):
        return None
    return (
        "the code prepares what it reads (as dbt's manifest) only if "
        f"{VARIABLE} is set, as in `invoke dev` and `dg dev`\n"
        f"  fix:      create the file in the project (`invoke exec --team {found.team.name} -- dbt "
        f"parse ...`), or set {VARIABLE}=1 in {shown(found.team.env_file)}"
    )


def _uses_variable(folder: Path) -> bool:
    """Whether a file of Python below a folder uses it; environments are left out."""
    for directory, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        for name in files:
            if name.endswith(".py"):
                with suppress(OSError):
                    text = Path(directory, name).read_text(encoding="utf-8", errors="replace")
                    if IN_CODE.search(text):
                        return True
    return False

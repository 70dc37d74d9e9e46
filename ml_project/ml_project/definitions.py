"""What Dagster loads: everything in `defs/`, wherever it stands in there."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """The ml team's definitions."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)

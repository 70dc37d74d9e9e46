"""The entry point that Dagster loads: everything in `defs/` and its subfolders."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """The ml team's definitions."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)

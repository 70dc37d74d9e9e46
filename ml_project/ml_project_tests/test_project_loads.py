"""The team's code loads as Dagster loads it: what every deployment needs first."""

import dagster as dg

from ml_project.definitions import defs


def test_project_loads() -> None:
    """Every asset has its IO manager, every job its assets, every sensor its job."""
    dg.Definitions.validate_loadable(defs())

"""The team's definitions load, as in every deployment."""

import dagster as dg

from ml_project.definitions import defs


def test_project_loads() -> None:
    """Assets have their IO managers, jobs their assets, sensors their jobs."""
    dg.Definitions.validate_loadable(defs())

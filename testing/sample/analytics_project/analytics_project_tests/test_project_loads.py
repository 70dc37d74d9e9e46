"""The team's definitions load, as in every deployment."""

import dagster as dg

from analytics_project.definitions import defs


def test_project_loads() -> None:
    """Assets have their IO managers, jobs their assets, schedules their jobs."""
    dg.Definitions.validate_loadable(defs())

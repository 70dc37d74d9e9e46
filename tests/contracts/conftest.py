"""Fixtures for tests of the contracts."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _warm(warm: None) -> None:
    """Load the cases in interpreters that have imported Dagster already."""

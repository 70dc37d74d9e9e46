"""Patterns of external assets."""

import pytest

from devkit.definitions.external import matching


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("raw/orders", "raw/*"),
        ("raw/2024/orders", "raw/*"),
        ("rawer/orders", None),
        ("Raw/orders", None),
        ("orders_raw", "*_raw"),
    ],
)
def test_a_key_matches_the_first_pattern(key: str, pattern: str | None) -> None:
    assert matching(key, ["raw/*", "*_raw", "*/orders_raw"]) == pattern

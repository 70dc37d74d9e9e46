"""How two manifests of one location differ."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from devkit.definitions.differences import differences
from devkit.definitions.manifest import Manifest


def manifest(**lists: Any) -> Manifest:
    """A manifest with these lists, and otherwise with one thing of each kind."""
    raw: Mapping[str, Any] = {
        "assets": [{"key": "tea", "made": True, "deps": [{"key": "leaves"}], "place": None}],
        "checks": [{"asset": "tea", "name": "is_hot", "deps": []}],
        "jobs": ["brew"],
        "schedules": [{"name": "at_five", "job": "brew", "cron": "0 17 * * *"}],
        "sensors": [{"name": "thirst", "watches": ["leaves"], "monitors": [{"job": "brew"}]}],
        "resources": ["kettle"],
        "repositories": ["__repository__"],
        **lists,
    }
    return cast(Manifest, SimpleNamespace(raw=raw))


def found(**lists: Any) -> list[str]:
    return differences(manifest(), manifest(**lists), "in the build")


def test_versions_and_lines_do_not_count() -> None:
    place = {"file": "elsewhere.py", "line": 3}
    asset = {"key": "tea", "made": True, "deps": [{"key": "leaves"}], "place": place}
    assert found(assets=[asset], python="3.13.0", dagster="1.8.0") == []


def test_what_only_one_has_is_named() -> None:
    assert found(
        assets=[], checks=[], jobs=["brew", "rinse"], schedules=[], sensors=[], resources=["pot"]
    ) == [
        "asset tea is not in the build",
        "check is_hot of tea is not in the build",
        "job rinse is only in the build",
        "resource kettle is not in the build",
        "resource pot is only in the build",
        "schedule at_five is not in the build",
        "sensor thirst is not in the build",
    ]


def test_what_depends_on_something_else_is_named() -> None:
    asset = {"key": "tea", "made": True, "deps": [{"key": "water"}, {"key": "leaves"}]}
    assert found(assets=[asset], schedules=[{"name": "at_five", "job": "rinse", "cron": "@daily"}],
                 sensors=[{"name": "thirst", "watches": [], "monitors": []}]) == [
        "asset tea depends on leaves; in the build, it depends on leaves, water",
        "schedule at_five starts brew at 0 17 * * *; in the build, it starts rinse at @daily",
        "sensor thirst waits for brew, leaves; in the build, it waits for nothing",
    ]  # fmt: skip
    outside = {"key": "tea", "made": False, "deps": []}
    assert found(assets=[outside]) == [
        "asset tea is not in the build",
        "external asset tea is only in the build",
    ]

"""The sensor, evaluated as the daemon does, on a real instance."""

from collections.abc import Iterator

import dagster as dg
import pytest

from ml_project.definitions import defs
from ml_project.defs.sensors import penguins_updated


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def materialize(instance: dg.DagsterInstance) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization("penguins"))


def tick(instance: dg.DagsterInstance, cursor: str | None) -> tuple[list[str | None], str | None]:
    """The run keys that are requested, and the next cursor."""
    with dg.build_sensor_context(instance, cursor=cursor, definitions=defs()) as context:
        result = penguins_updated.evaluate_tick(context)
    requests = result.run_requests or []
    if not requests:
        assert "No new materialization" in (result.skip_message or "")
    return [request.run_key for request in requests], result.cursor or cursor


def test_the_sensor_is_on_by_default_with_an_interval_of_five_seconds() -> None:
    assert penguins_updated.default_status is dg.DefaultSensorStatus.RUNNING
    assert penguins_updated.minimum_interval_seconds == 5
    assert penguins_updated.job_name == "cluster_penguins"


def test_no_materialization_requests_no_run(instance: dg.DagsterInstance) -> None:
    assert tick(instance, cursor=None) == ([], None)


def test_a_materialization_of_another_asset_requests_no_run(instance: dg.DagsterInstance) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization("penguin_cluster"))
    assert tick(instance, cursor=None) == ([], None)


def test_one_materialization_requests_one_run(instance: dg.DagsterInstance) -> None:
    materialize(instance)
    keys, cursor = tick(instance, cursor=None)
    assert len(keys) == 1
    assert tick(instance, cursor) == ([], cursor)


def test_a_later_materialization_requests_another_run(instance: dg.DagsterInstance) -> None:
    materialize(instance)
    first, cursor = tick(instance, cursor=None)
    materialize(instance)
    second, _ = tick(instance, cursor)
    assert len(second) == 1
    assert first != second


def test_several_materializations_at_once_request_one_run(instance: dg.DagsterInstance) -> None:
    materialize(instance)
    materialize(instance)
    keys, cursor = tick(instance, cursor=None)
    assert len(keys) == 1
    assert tick(instance, cursor) == ([], cursor)


def test_a_reset_cursor_requests_the_same_run_key(
    instance: dg.DagsterInstance,
) -> None:
    materialize(instance)
    assert tick(instance, cursor=None) == tick(instance, cursor=None)

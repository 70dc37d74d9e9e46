"""The schedule runs the job, which materializes the penguins and checks the stored table."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from analytics_project.definitions import defs
from analytics_project.defs.schedules import penguin_update_minutely


def test_the_schedule_is_on_by_default_and_requests_a_run_each_minute() -> None:
    assert penguin_update_minutely.cron_schedule == "* * * * *"
    assert penguin_update_minutely.default_status is dg.DefaultScheduleStatus.RUNNING
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2024, 2, 29, tzinfo=UTC))
    (request,) = penguin_update_minutely.evaluate_tick(context).run_requests or []
    assert penguin_update_minutely.job_name == "update_penguins"
    assert not request.run_config


def test_the_job_stores_the_penguins_and_runs_every_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGTEAM_STORE", str(tmp_path))
    result = defs().resolve_job_def("update_penguins").execute_in_process()
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()} == {
        "known_species": True,
        "no_negative_measurements": True,
        "row_count": True,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["penguins.parquet"]

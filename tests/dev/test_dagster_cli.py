"""What of Dagster's own output a terminal is spared; the commands are tried where they run."""

import pytest

from devkit.dev.dagster_cli import LogFilter

NOW = "2026-11-23 08:33:00 +0000"


@pytest.mark.parametrize(
    "line",
    [
        f"{NOW} - dagster-webserver - INFO - Serving dagster-webserver on http://127.0.0.1:3000",
        f"{NOW} - dagster.code_server - INFO - Starting Dagster code server",
        f"{NOW} - dagster - DEBUG - run - 12 - RUN_START - Started execution",
        f"{NOW} - dagster.daemon.SensorDaemon - INFO - Checking for new runs for sensor: s",
        f"{NOW} - dagster.daemon.SensorDaemon - INFO - Sensor s skipped: no new events",
    ],
)
def test_routine_is_noise(line: str) -> None:
    assert LogFilter()(line)


@pytest.mark.parametrize(
    "line",
    [
        "printed by somebody's code",
        f"{NOW} - dagster.daemon.SensorDaemon - INFO - Completed launch of run 1 for s",
        f"{NOW} - dagster.daemon.SensorDaemon - ERROR - Sensor s failed",
        f"{NOW} - dagster.daemon.SensorDaemon - WARNING - Sensor s skipped a tick",
        f"{NOW} - dagster-webserver - ERROR - it can't",
        f"{NOW} - analytics - INFO - Evaluating the model",
    ],
)
def test_what_happened_is_not(line: str) -> None:
    assert not LogFilter()(line)


def test_a_traceback_goes_with_its_record() -> None:
    log_filter = LogFilter()
    assert log_filter(f"{NOW} - dagster.code_server - ERROR - it does not load")
    assert log_filter("Traceback (most recent call last):")
    assert not log_filter(f"{NOW} - dagster.daemon - ERROR - it died")
    assert not log_filter("Traceback (most recent call last):")

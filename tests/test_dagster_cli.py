"""What of Dagster's own output a terminal is spared; the commands are tried where they run."""

import pytest

from devkit.dagster_cli import Noise

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
    assert Noise()(line)


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
    assert not Noise()(line)


def test_a_traceback_goes_with_its_record() -> None:
    noise = Noise()
    assert noise(f"{NOW} - dagster.code_server - ERROR - it does not load")
    assert noise("Traceback (most recent call last):")
    assert not noise(f"{NOW} - dagster.daemon - ERROR - it died")
    assert not noise("Traceback (most recent call last):")

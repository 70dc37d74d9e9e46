"""Contracts on runs: sensors on the runs of jobs and locations that do not exist."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.contracts import runs
from devkit.contracts.snapshot import Snapshot
from devkit.definitions.manifest import Manifest, Monitored, Sensor
from devkit.registry.team import Team
from testing.contracts import locations
from testing.lineage import manifest

MILK = replace(manifest("milk"), jobs=("skim", "churn"))


def tea(*monitors: Monitored, jobs: tuple[str, ...] = ("brew",)) -> Manifest:
    sensor = Sensor("after", (), None, monitors)
    return replace(manifest("tea", sensors=[sensor]), jobs=jobs)


def found(*manifests: Manifest, unknown: Manifest | None = None) -> list[str]:
    teams = tuple(one.team for one in (*manifests, unknown) if one)
    return [one.message for one in runs.missing_monitored(Snapshot(teams, manifests))]


MISSING = {
    "a job that was renamed": (
        Monitored("milk_project", "__repository__", "skimm"),
        "the job skimm, which milk_project does not have; did you mean",
    ),
    "a location that was removed": (
        Monitored("sugar_project", None, "refine"),
        "sugar_project, which is not in workspace.yaml",
    ),
    "every job of a misspelled location": (
        Monitored("milk_projekt", "__repository__", None),
        "milk_projekt, which is not in workspace.yaml; did you mean",
    ),
    "a repository that the location does not have": (
        Monitored("milk_project", "cows", "skim"),
        "the repository cows of milk_project, which only has __repository__",
    ),
    "an own job that is not defined": (
        Monitored(None, None, "pour"),
        "the job pour, which tea_project does not have",
    ),
}
EXISTING = {
    "a job": Monitored("milk_project", "__repository__", "skim"),
    "every job": Monitored("milk_project", "__repository__", None),
    "an own job": Monitored(None, None, "brew"),
    "an own job by its location": Monitored("tea_project", None, "brew"),
    "the materialization of assets": Monitored("milk_project", None, "__ASSET_JOB"),
}


@pytest.mark.parametrize(("target", "message"), MISSING.values(), ids=MISSING)
def test_what_does_not_exist_is_found(target: Monitored, message: str) -> None:
    (text,) = found(tea(target), MILK)
    assert text.startswith("the sensor after of tea will never fire: it waits for runs of ")
    assert message in text


@pytest.mark.parametrize("target", EXISTING.values(), ids=EXISTING)
def test_what_exists_is_not_found(target: Monitored) -> None:
    assert found(tea(target), MILK) == []


def test_the_jobs_of_a_team_that_does_not_load_are_unknown() -> None:
    assert found(tea(Monitored("milk_project", None, "none")), unknown=MILK) == []
    assert found(tea(Monitored("sugar_project", None, "none")), unknown=MILK)


def test_the_name_of_another_repository_counts() -> None:
    named = replace(MILK, repositories=("cows", "goats"))
    assert found(tea(Monitored("milk_project", "cows", "skim")), named) == []
    assert found(tea(Monitored("milk_project", "__repository__", "skim")), named)


SENSORS = """\
import dagster as dg


@dg.op
def work(): ...


@dg.job
def refresh():
    work()


@dg.job
def not_in_definitions():
    work()


@dg.run_failure_sensor(
    monitored_jobs=[
        refresh,
        not_in_definitions,
        dg.JobSelector(location_name="milk_project", job_name="refresh"),
        dg.JobSelector(location_name="milk_project", job_name="refreshed"),
        dg.CodeLocationSelector(location_name="milk_project"),
        dg.CodeLocationSelector(location_name="sugar_project"),
    ]
)
def failed(context): ...


defs = dg.Definitions(jobs=[refresh], sensors=[failed])
"""


def test_the_selectors_of_real_sensors_are_found_at_their_line(
    teams: Mapping[str, Team], tmp_path: Path
) -> None:
    snapshot = locations(teams, tmp_path, milk=SENSORS, tea=SENSORS)
    findings = [*runs.missing_monitored(snapshot)]
    messages = [one.message.partition("runs of ")[2] for one in findings if one.teams == ("tea",)]
    assert [message.partition(",")[0] for message in messages] == [
        "the job not_in_definitions",
        "the job refreshed",
        "sugar_project",
    ]
    for one in findings:
        assert one.source
        line = one.source.file.read_text(encoding="utf-8").splitlines()[one.source.line - 1]
        assert line == "def failed(context): ..."

"""Contracts on runs: a sensor on the runs of another location waits for ones that there can be."""

from collections.abc import Iterator

from devkit.contracts.snapshot import Finding, Snapshot, names
from devkit.core.wording import did_you_mean
from devkit.definitions.manifest import Manifest, Monitored

INTERNAL = "__"  # how the names of Dagster's own jobs begin


def missing_monitored(snapshot: Snapshot) -> Iterator[Finding]:
    """`monitors-nothing`: a run status sensor names a job or a location that does not exist."""
    for manifest in snapshot.manifests:
        for sensor in manifest.sensors:
            for target in sensor.monitors:
                missing = _missing(snapshot, manifest, target)
                if missing:
                    yield Finding(
                        "monitors-nothing",
                        f"the sensor {sensor.name} of {manifest.team.name} will never fire: it "
                        f"waits for runs of {missing}",
                        "correct what the sensor monitors, or delete the sensor",
                        names(manifest),
                        source=sensor.source,
                    )


def _missing(snapshot: Snapshot, manifest: Manifest, target: Monitored) -> str | None:
    """What does not exist; None if the runs can exist, or if that is unknown."""
    location = target.location or manifest.team.location
    locations = [team.location for team in snapshot.teams]
    if location not in locations:
        return f"{location}, which is not in workspace.yaml{did_you_mean(location, locations)}"
    found = next((one for one in snapshot.manifests if one.team.location == location), None)
    if found is None:
        return None
    if target.repository not in (None, *found.repositories):
        names = ", ".join(found.repositories)
        return f"the repository {target.repository} of {location}, which only has {names}"
    if target.job is None or target.job.startswith(INTERNAL) or target.job in found.jobs:
        return None
    return f"the job {target.job}, which {location} does not have" + did_you_mean(
        target.job, found.jobs
    )

"""Contracts on versions: locks, the orchestrator's Dagster, and what utils requires."""

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from devkit.contracts.snapshot import Finding, Snapshot


def orchestrator_behind(snapshot: Snapshot) -> Iterator[Finding]:
    """`orchestrator-behind`: a team's Dagster is newer than the webserver's and the daemon's."""
    hosts = snapshot.orchestrator.get("dagster")
    for team in snapshot.teams:
        found = snapshot.installed.get(team.name, {}).get("dagster")
        if hosts and found and Version(found) > Version(hosts):
            yield Finding(
                "orchestrator-behind",
                f"{team.name} has Dagster {found}, the orchestrator {hosts}: "
                "it must be at or above every team's",
                "invoke lock --team orchestrator --upgrade",
                ("orchestrator", team.name),
            )


def orchestrator_differs(snapshot: Snapshot) -> Iterator[Finding]:
    """`hosts-differ`: webserver and daemon, on one instance, are of two versions."""
    daemon, webserver = (
        snapshot.orchestrator.get(name) for name in ("dagster", "dagster-webserver")
    )
    if daemon != webserver:
        yield Finding(
            "hosts-differ",
            f"the webserver is {webserver or 'not installed'}, the daemon {daemon or 'not installed'}: "
            "they must be one version",
            "invoke lock --team orchestrator --upgrade",
            ("orchestrator",),
        )


def shared_unmet(snapshot: Snapshot) -> Iterator[Finding]:
    """`utils-unmet`: an environment lacks what utils requires, or has another version of it."""
    pythons = {manifest.team.name: manifest.python for manifest in snapshot.manifests}
    for team in snapshot.teams:
        found = snapshot.installed.get(team.name)
        if found is None:
            continue
        python = pythons.get(team.name)
        faults = [*_unmet(snapshot.shared, found, python)]
        if python and python not in SpecifierSet(snapshot.shared_python):
            faults.append(f"Python {snapshot.shared_python} (it has {python})")
        if faults:
            yield Finding(
                "utils-unmet",
                f"utils requires what the environment of {team.name} hasn't: {'; '.join(faults)}",
                f"invoke lock --team {team.name}, then invoke setup",
                (team.name,),
            )


def locks_stale(snapshot: Snapshot) -> Iterator[Finding]:
    """`lock-stale`: what is pinned is not what is asked for."""
    for project, reason in snapshot.stale_locks.items():
        yield Finding("lock-stale", reason, f"invoke lock --team {project}", (project,))


def _unmet(required: Iterable[str], found: Mapping[str, str], python: str | None) -> Iterator[str]:
    # The markers are judged for the team's Python, where it is known, not for this one.
    marks = {"python_full_version": python, "python_version": _minor(python)} if python else {}
    for text in required:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate(marks):
            continue
        version = found.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement} (it has {version or 'none'})"


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])

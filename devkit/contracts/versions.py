"""Contracts on versions: locks are fresh, hosts new enough, and utils finds what it needs."""

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from devkit.contracts.survey import Finding, Survey


def hosts_behind(survey: Survey) -> Iterator[Finding]:
    """`orchestrator-behind`: a team's Dagster is newer than the webserver's and the daemon's."""
    hosts = survey.hosts.get("dagster")
    for team in survey.teams:
        found = survey.installed.get(team.name, {}).get("dagster")
        if hosts and found and Version(found) > Version(hosts):
            yield Finding(
                "orchestrator-behind",
                f"{team.name} has Dagster {found}, the orchestrator {hosts}: "
                "it must be at or above every team's",
                "invoke lock --team orchestrator --upgrade",
                ("orchestrator", team.name),
            )


def hosts_differ(survey: Survey) -> Iterator[Finding]:
    """`hosts-differ`: webserver and daemon, on one instance, are of two versions."""
    daemon, webserver = (survey.hosts.get(name) for name in ("dagster", "dagster-webserver"))
    if daemon != webserver:
        yield Finding(
            "hosts-differ",
            f"the webserver is {webserver or 'not there'}, the daemon {daemon or 'not there'}: "
            "they must be one version",
            "invoke lock --team orchestrator --upgrade",
            ("orchestrator",),
        )


def shared_unmet(survey: Survey) -> Iterator[Finding]:
    """`utils-unmet`: an environment lacks what utils requires, or has another version of it."""
    pythons = {manifest.team.name: manifest.python for manifest in survey.manifests}
    for team in survey.teams:
        found = survey.installed.get(team.name)
        if found is None:
            continue
        python = pythons.get(team.name)
        faults = [*_unmet(survey.shared, found, python)]
        if python and python not in SpecifierSet(survey.shared_python):
            faults.append(f"Python {survey.shared_python} (it has {python})")
        if faults:
            yield Finding(
                "utils-unmet",
                f"utils requires what the environment of {team.name} hasn't: {'; '.join(faults)}",
                f"invoke lock --team {team.name}, then invoke setup",
                (team.name,),
            )


def locks_stale(survey: Survey) -> Iterator[Finding]:
    """`lock-stale`: what is pinned is not what is asked for."""
    for room, reason in survey.stale_locks.items():
        yield Finding("lock-stale", reason, f"invoke lock --team {room}", (room,))


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

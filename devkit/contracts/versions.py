"""Contracts on versions: the orchestrator's Dagster, the requirements of utils, and locks."""

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from devkit.contracts.snapshot import Finding, Snapshot


def orchestrator_behind(snapshot: Snapshot) -> Iterator[Finding]:
    """`orchestrator-behind`: a team's Dagster is newer than the webserver's and the daemon's."""
    orchestrator = snapshot.orchestrator.get("dagster")
    for team in snapshot.teams:
        installed = snapshot.installed.get(team.name, {}).get("dagster")
        if orchestrator and installed and Version(installed) > Version(orchestrator):
            yield Finding(
                "orchestrator-behind",
                f"{team.name} has Dagster {installed}, newer than the orchestrator's "
                f"{orchestrator}",
                "invoke lock --team orchestrator --upgrade",
                ("orchestrator", team.name),
            )


def orchestrator_differs(snapshot: Snapshot) -> Iterator[Finding]:
    """`hosts-differ`: the webserver and the daemon, which share an instance, differ in version."""
    daemon = snapshot.orchestrator.get("dagster")
    webserver = snapshot.orchestrator.get("dagster-webserver")
    if daemon != webserver:
        yield Finding(
            "hosts-differ",
            f"dagster-webserver is {webserver or 'not installed'} and dagster "
            f"{daemon or 'not installed'}: they must be the same version",
            "invoke lock --team orchestrator --upgrade",
            ("orchestrator",),
        )


def shared_unmet(snapshot: Snapshot) -> Iterator[Finding]:
    """`utils-unmet`: an environment does not satisfy the requirements of utils."""
    pythons = {manifest.team.name: manifest.python for manifest in snapshot.manifests}
    for team in snapshot.teams:
        installed = snapshot.installed.get(team.name)
        if installed is None:
            continue
        python = pythons.get(team.name)
        unmet = [*_unmet(snapshot.shared, installed, python)]
        if python and python not in SpecifierSet(snapshot.shared_python):
            unmet.append(f"Python {snapshot.shared_python} (installed: {python})")
        if unmet:
            yield Finding(
                "utils-unmet",
                f"the environment of {team.name} does not satisfy utils: {'; '.join(unmet)}",
                f"`invoke lock --team {team.name}`, then `invoke setup`",
                (team.name,),
            )


def locks_stale(snapshot: Snapshot) -> Iterator[Finding]:
    """`lock-stale`: a lock does not match the requirements that it was resolved from."""
    for project, reason in snapshot.stale_locks.items():
        yield Finding("lock-stale", reason, f"invoke lock --team {project}", (project,))


def _unmet(
    required: Iterable[str], installed: Mapping[str, str], python: str | None
) -> Iterator[str]:
    # Markers are evaluated for the team's Python, if it is known, not for this one.
    marks = {"python_full_version": python, "python_version": _minor(python)} if python else {}
    for text in required:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate(marks):
            continue
        version = installed.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement} (installed: {version or 'none'})"


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])

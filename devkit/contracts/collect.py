"""Collects the input of the contracts: the manifests, and what is installed in each environment."""

from collections.abc import Mapping, Sequence

from devkit.contracts.snapshot import Snapshot
from devkit.core import pyproject
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import installed
from devkit.environments.venvs import orchestrator_environment
from devkit.registry import shared
from devkit.registry.team import Team


def collect(
    teams: Sequence[Team],
    loaded: Sequence[Manifest | Failure],
    stale_locks: Mapping[str, str] | None = None,
) -> Snapshot:
    """The snapshot of all teams: the manifests in `loaded`, and every environment.

    Raises:
        DevkitError: if the pyproject.toml of utils can't be read.
    """
    utils = shared.library()
    needs = pyproject.read(utils) if utils else None
    manifests = {one.team: one for one in loaded if isinstance(one, Manifest)}
    return Snapshot(
        teams=tuple(teams),
        manifests=tuple(manifests[team] for team in teams if team in manifests),
        # An environment that does not exist breaks no contract.
        installed={
            team.name: has for team in teams if (has := installed.distributions(team.environment))
        },
        orchestrator=installed.distributions(orchestrator_environment().path),
        shared=tuple(needs.project.get("dependencies", ()) if needs else ()),
        shared_python=needs.requires_python if needs else "",
        stale_locks=stale_locks or {},
    )

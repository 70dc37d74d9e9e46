"""Which teams make what a team reads."""

from collections.abc import Sequence

from devkit import environments, parallel, probe
from devkit.workspace import Team


def with_makers(chosen: Sequence[Team], teams: Sequence[Team]) -> tuple[Team, ...]:
    """The chosen teams and those that make an asset they read, in the registry's order.

    Loads every team's definitions, side by side. A team that does not load is not known to
    make anything.

    Raises:
        DevkitError: if the environment of a chosen team can't be built.
    """
    parallel.require(environments.ensure(environments.team_environment(team) for team in chosen))
    environments.ensure(environments.team_environment(team) for team in teams)
    manifests = parallel.gather(probe.load, teams)
    loaded = [found for found in manifests if isinstance(found, probe.Manifest)]
    read = {key for found in loaded if found.team in chosen for key in found.contents["external"]}
    makers = {found.team for found in loaded if read & set(found.contents["assets"])}
    return tuple(team for team in teams if team in chosen or team in makers)

"""Which teams make what a team reads."""

from collections.abc import Sequence

from devkit import cache, environments, parallel
from devkit.manifest import Manifest
from devkit.workspace import Team


def with_makers(chosen: Sequence[Team], teams: Sequence[Team]) -> tuple[Team, ...]:
    """The chosen teams and those that make an asset they read, in the registry's order.

    Every team's definitions have to be known. A team that does not load is not known to
    make anything.

    Raises:
        DevkitError: if the environment of a chosen team can't be built.
    """
    parallel.require(environments.ensure(environments.team_environment(team) for team in chosen))
    environments.ensure(environments.team_environment(team) for team in teams)
    loaded = [found for found in cache.load_all(teams) if isinstance(found, Manifest)]
    read = {
        key for found in loaded if found.team in chosen for key in (found.reads | set(found.stubs))
    }
    makers = {found.team for found in loaded if read & set(found.makes)}
    return tuple(team for team in teams if team in chosen or team in makers)

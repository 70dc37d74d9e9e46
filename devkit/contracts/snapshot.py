"""The input of the contracts and their findings, as values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from devkit.core.tracebacks import SourceLocation
from devkit.definitions.external import matching
from devkit.definitions.manifest import Asset, Manifest
from devkit.registry.team import Team


@dataclass(frozen=True)
class Finding:
    """A contract violation.

    `code` is stable, so that it can be searched for; `teams` are short names; `source` is the line
    that should be fixed, if it is known.
    """

    code: str
    message: str
    fix: str
    teams: tuple[str, ...]
    keys: tuple[str, ...] = ()
    source: SourceLocation | None = None


@dataclass(frozen=True)
class Snapshot:
    """The state of all teams at one time.

    `teams` is the registry; `manifests` are those of the teams that load. `installed` holds the
    distributions in each team's environment (version by normalized name) by the team's short name,
    `orchestrator` those in the orchestrator's environment. `shared` are the requirements of utils
    (PEP 508) and `shared_python` its Python versions (PEP 440). `stale_locks` are the reasons why
    locks are stale, by project.
    """

    teams: tuple[Team, ...]
    manifests: tuple[Manifest, ...]
    installed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    orchestrator: Mapping[str, str] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    shared_python: str = ""
    stale_locks: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def complete(self) -> bool:
        """Whether every team's manifest is known; otherwise, a producer may be unknown."""
        return len(self.manifests) == len(self.teams)

    @cached_property
    def producers(self) -> dict[str, list[tuple[Manifest, Asset]]]:
        """The producers of each key, with their assets."""
        found: dict[str, list[tuple[Manifest, Asset]]] = {}
        for manifest in self.manifests:
            for key, asset in manifest.produces.items():
                found.setdefault(key, []).append((manifest, asset))
        return found

    @cached_property
    def external(self) -> set[str]:
        """The keys that any team declares external or observes."""
        return {
            asset.key
            for manifest in self.manifests
            for asset in manifest.assets
            if asset.external is not None or asset.observed
        }

    def has_no_producer(self, key: str) -> bool:
        """Whether it is certain that no team produces the key, which is not external either."""
        patterns = {pattern for manifest in self.manifests for pattern in manifest.patterns}
        return (
            self.complete
            and key not in self.producers
            and key not in self.external
            and matching(key, patterns) is None
        )

    def cross_team_dependencies(self) -> Iterator[tuple[Manifest, Asset, Manifest, Asset]]:
        """Each dependency across teams: the consumer and its asset, the producer and its asset.

        Omits keys with two producers, which violate another contract.
        """
        for manifest in self.manifests:
            for asset in manifest.assets:
                for dep in asset.deps:
                    producers = self.producers.get(dep.key, [])
                    if len(producers) == 1 and producers[0][0].team != manifest.team:
                        yield manifest, asset, *producers[0]


def names(*manifests: Manifest) -> tuple[str, ...]:
    """The teams' short names."""
    return tuple(dict.fromkeys(manifest.team.name for manifest in manifests))

"""What contracts look at, and what they find."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from devkit.core.tracebacks import SourceLocation
from devkit.definitions.manifest import Asset, Manifest
from devkit.registry.workspace import Team


@dataclass(frozen=True)
class Finding:
    """A contract that does not hold.

    `code` is stable, for whoever searches or counts; `teams` are short names; `place` is
    the line to begin at, if it is known.
    """

    code: str
    message: str
    fix: str
    teams: tuple[str, ...]
    keys: tuple[str, ...] = ()
    place: SourceLocation | None = None


@dataclass(frozen=True)
class Snapshot:
    """Everything that is known of all teams together.

    `teams` is the registry; `manifests` are those of the teams that load. `installed` are
    the distributions in each team's environment, normalized names and versions, by the team's
    short name, `orchestrator` those in the orchestrator's; `shared` is what utils requires and
    `shared_python` the Python, as Python packaging specifies them (PEP 508, PEP 440).
    `stale_locks` are the reasons why locks are stale, by project.
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
        """Whether every team's definitions are known: if not, a producer may be missing from them."""
        return len(self.manifests) == len(self.teams)

    @cached_property
    def producers(self) -> dict[str, list[tuple[Manifest, Asset]]]:
        """The producers of each key."""
        found: dict[str, list[tuple[Manifest, Asset]]] = {}
        for manifest in self.manifests:
            for key, asset in manifest.produces.items():
                found.setdefault(key, []).append((manifest, asset))
        return found

    @cached_property
    def external(self) -> set[str]:
        """The keys that any team declares to be produced outside of the repository."""
        return {
            asset.key
            for manifest in self.manifests
            for asset in manifest.assets
            if asset.external is not None or asset.observed
        }

    def has_no_producer(self, key: str) -> bool:
        """Whether it is certain that no team produces the key and that it is not external."""
        return self.complete and key not in self.producers and key not in self.external

    def reads(self) -> Iterator[tuple[Manifest, Asset, Asset, Manifest]]:
        """Each dependency across teams: the consumer's manifest and asset, the upstream asset and
        its producer's manifest.

        A key with two producers is another contract's matter.
        """
        for manifest in self.manifests:
            for asset in manifest.assets:
                for dep in asset.deps:
                    made = self.producers.get(dep.key, [])
                    if len(made) == 1 and made[0][0].team != manifest.team:
                        yield manifest, asset, made[0][1], made[0][0]


def names(*manifests: Manifest) -> tuple[str, ...]:
    """The teams' short names."""
    return tuple(dict.fromkeys(manifest.team.name for manifest in manifests))

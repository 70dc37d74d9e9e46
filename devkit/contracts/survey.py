"""What contracts look at, and what they find."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from devkit.manifest import Asset, Manifest
from devkit.tracebacks import Place
from devkit.workspace import Team


@dataclass(frozen=True)
class Finding:
    """A contract that does not hold.

    `code` is stable, for whoever searches or counts; `teams` are short names; `place` is
    the line to begin at, if it is known.
    """

    code: str
    message: str
    mend: str
    teams: tuple[str, ...]
    keys: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True)
class Survey:
    """Everything that is known of all teams together.

    `teams` is the registry; `manifests` are those of the teams that load. `installed` are
    the distributions in each team's environment, normalised names and versions, by the team's
    short name, `hosts` those in the orchestrator's; `shared` is what utils requires and
    `shared_python` the Python, as Python packaging specifies them (PEP 508, PEP 440).
    `stale_locks` are the reasons why locks have to be made again, by the name of the room.
    """

    teams: tuple[Team, ...]
    manifests: tuple[Manifest, ...]
    installed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    shared_python: str = ""
    stale_locks: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def complete(self) -> bool:
        """Whether every team's definitions are known: if not, nobody knows what nobody makes."""
        return len(self.manifests) == len(self.teams)

    @cached_property
    def makers(self) -> dict[str, list[tuple[Manifest, Asset]]]:
        """Who makes each key."""
        found: dict[str, list[tuple[Manifest, Asset]]] = {}
        for manifest in self.manifests:
            for key, asset in manifest.makes.items():
                found.setdefault(key, []).append((manifest, asset))
        return found

    @cached_property
    def external(self) -> set[str]:
        """The keys that are declared, by whichever team, to be made by nobody here."""
        return {
            asset.key
            for manifest in self.manifests
            for asset in manifest.assets
            if asset.external is not None or asset.observed
        }

    def nobody_makes(self, key: str) -> bool:
        """Whether it is certain that no team makes the key and that it is not external."""
        return self.complete and key not in self.makers and key not in self.external

    def reads(self) -> Iterator[tuple[Manifest, Asset, Asset, Manifest]]:
        """Each read across teams: reader's manifest and asset, the asset read and its maker's.

        A key that two teams make is another contract's matter.
        """
        for manifest in self.manifests:
            for asset in manifest.assets:
                for dep in asset.deps:
                    made = self.makers.get(dep.key, [])
                    if len(made) == 1 and made[0][0].team != manifest.team:
                        yield manifest, asset, made[0][1], made[0][0]


def names(*manifests: Manifest) -> tuple[str, ...]:
    """The teams' short names."""
    return tuple(dict.fromkeys(manifest.team.name for manifest in manifests))

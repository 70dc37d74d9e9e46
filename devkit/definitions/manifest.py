"""The manifest of a code location, which `programs/probe.py` prints, as values.

`docs/manifest.md` describes the format. A `source` is the line of the team's own code that defines
the thing, found by its name; None if none of the team's files has that name.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devkit.core.tracebacks import SourceLocation
from devkit.definitions import external
from devkit.registry.team import Team

VERSION = 1


@dataclass(frozen=True)
class Column:
    """A column that a producer declares or a consumer needs; types are compared as text."""

    name: str
    type: str


@dataclass(frozen=True)
class Dependency:
    """A dependency of an asset on another one.

    `loaded`: an IO manager loads it, which `deps=` alone does not. `mapping`: the class of an
    explicit partition mapping; `shifted`: with an offset; `optional`: upstream partitions that do
    not exist are left out.
    """

    key: str
    loaded: bool
    mapping: str | None
    shifted: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Asset:
    """An asset that a location defines or depends on; its key has `/` between the parts.

    `materializable`: this location produces it. `shadowed`: the location also has a `SourceAsset`
    of that key, which Dagster uses instead. `observed`: it is an observable source asset.
    `external`: the producer outside of this repository (the tag `dagteam/external`), or the pattern
    of external assets that the key matches. `columns` is
    None if none are declared. `watches`: the keys that its automation condition names besides its
    dependencies.
    """

    key: str
    materializable: bool
    shadowed: bool
    observed: bool
    external: str | None
    group: str
    kinds: tuple[str, ...]
    deps: tuple[Dependency, ...]
    partitions: Mapping[str, Any] | None
    columns: tuple[Column, ...] | None
    watches: tuple[str, ...]
    source: SourceLocation | None


@dataclass(frozen=True)
class Check:
    """An asset check: the key of the asset that it checks, and its other dependencies."""

    asset: str
    name: str
    deps: tuple[str, ...] = ()
    source: SourceLocation | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The keys of all its dependencies."""
        return (self.asset, *self.deps)


@dataclass(frozen=True)
class Monitored:
    """What a run status sensor names: a job, or with None every job, of a location.

    `location` and `repository` are None for the location's own jobs.
    """

    location: str | None
    repository: str | None
    job: str | None


@dataclass(frozen=True)
class Sensor:
    """A sensor: the keys of the assets, and the jobs, that it waits for."""

    name: str
    watches: tuple[str, ...]
    source: SourceLocation | None
    monitors: tuple[Monitored, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """Everything that a team's code location defines.

    `repositories` are the names of the Dagster repositories in it, of which there is usually one.
    `imports` are the packages that its files import, with the first import of each, or that are
    loaded from outside its environment; those below its working directory have their full names.
    `patterns` are those of external assets, with the file that has each. `raw` is what the probe
    printed.
    """

    team: Team
    dagster: str
    python: str
    assets: tuple[Asset, ...]
    checks: tuple[Check, ...]
    jobs: tuple[str, ...]
    schedules: tuple[str, ...]
    sensors: tuple[Sensor, ...]
    imports: Mapping[str, SourceLocation | None]
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    repositories: tuple[str, ...] = ("__repository__",)
    patterns: Mapping[str, Path] = field(default_factory=dict)

    @property
    def produces(self) -> dict[str, Asset]:
        """The assets that it can materialize, by key."""
        return {asset.key: asset for asset in self.assets if asset.materializable}

    @property
    def external_assets(self) -> dict[str, Asset]:
        """The assets that it declares or depends on, but cannot materialize, by key."""
        return {asset.key: asset for asset in self.assets if not asset.materializable}

    @property
    def monitored(self) -> set[str]:
        """The other locations whose runs its sensors wait for."""
        found = {target.location for sensor in self.sensors for target in sensor.monitors}
        return {location for location in found if location not in (None, self.team.location)}

    @property
    def watched(self) -> set[str]:
        """The keys that its sensors and automation conditions wait for."""
        found = {key for sensor in self.sensors for key in sensor.watches}
        return found | {key for asset in self.assets for key in asset.watches}

    @property
    def reads(self) -> set[str]:
        """The keys that its assets and checks depend on."""
        keys = {dep.key for asset in self.assets for dep in asset.deps}
        return keys | {key for check in self.checks for key in check.reads}


def parse(team: Team, raw: Mapping[str, Any]) -> Manifest:
    """The manifest of a team from the JSON object that the probe printed.

    Raises:
        ValueError: if it is of another version of the format.
        KeyError: if a field is missing.
    """
    if raw.get("manifest") != VERSION:
        raise ValueError(f"manifest version {raw.get('manifest')!r}, not {VERSION}")

    def source(place: Mapping[str, Any] | None) -> SourceLocation | None:
        return _source(team, place) if place else None

    patterns = external.patterns(team)
    return Manifest(
        team=team,
        dagster=raw["dagster"],
        python=raw["python"],
        assets=tuple(_asset(one, source(one["place"]), patterns) for one in raw["assets"]),
        checks=tuple(
            Check(
                asset=one["asset"],
                name=one["name"],
                deps=tuple(one["deps"]),
                source=source(one["place"]),
            )
            for one in raw["checks"]
        ),
        jobs=tuple(raw["jobs"]),
        schedules=tuple(one["name"] for one in raw["schedules"]),
        sensors=tuple(
            Sensor(
                name=one["name"],
                watches=tuple(one["watches"]),
                source=source(one["place"]),
                monitors=tuple(Monitored(**target) for target in one["monitors"]),
            )
            for one in raw["sensors"]
        ),
        imports={name: source(place) for name, place in raw["imports"].items()},
        raw=raw,
        repositories=tuple(raw["repositories"]),
        patterns=patterns,
    )


def _source(team: Team, place: Mapping[str, Any]) -> SourceLocation:
    """A place in the manifest, whose file is relative to the project's folder."""
    return SourceLocation(Path(os.path.normpath(team.directory / place["file"])), place["line"])


def _asset(raw: Mapping[str, Any], source: SourceLocation | None, patterns: Iterable[str]) -> Asset:
    columns = raw["columns"]
    pattern = None if raw["made"] else external.matching(raw["key"], patterns)
    return Asset(
        key=raw["key"],
        materializable=raw["made"],
        shadowed=raw["shadowed"],
        observed=raw["observed"],
        external=pattern if raw["external"] is None else raw["external"],
        group=raw["group"],
        kinds=tuple(raw["kinds"]),
        deps=tuple(Dependency(**dep) for dep in raw["deps"]),
        partitions=raw["partitions"],
        columns=None if columns is None else tuple(Column(**column) for column in columns),
        watches=tuple(raw["watches"]),
        source=source,
    )

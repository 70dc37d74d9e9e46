"""What a code location defines, as values: the manifest that `programs/probe.py` prints.

`docs/manifest.md` describes the format. A `place` is the line of the team's own code that
defines the thing, found by its name; None where nothing in the team's files has that name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devkit.core.tracebacks import SourceLocation
from devkit.registry.workspace import Team

VERSION = 1


@dataclass(frozen=True)
class Column:
    """A column that a table has, or that a consumer needs; types compare as texts."""

    name: str
    type: str


@dataclass(frozen=True)
class Dependency:
    """An asset that another one depends on.

    `loaded`: an IO manager loads it, which `deps=` alone does not. `mapping`: the class of
    an explicit partition mapping.
    """

    key: str
    loaded: bool
    mapping: str | None


@dataclass(frozen=True)
class Asset:
    """An asset that a location defines; its key has `/` between the parts.

    `made`: it can be materialized here. `shadowed`: the location has both an asset and a
    `SourceAsset` of that key, and Dagster takes the latter. `observed`: an observable one.
    `external`: who produces it, where no team here does (the tag `dagteam/external`). `columns` is
    None where none are declared. `watches`: what its automation condition names besides what it
    depends on.
    """

    key: str
    made: bool
    shadowed: bool
    observed: bool
    external: str | None
    group: str
    kinds: tuple[str, ...]
    deps: tuple[Dependency, ...]
    partitions: Mapping[str, Any] | None
    columns: tuple[Column, ...] | None
    watches: tuple[str, ...]
    place: SourceLocation | None


@dataclass(frozen=True)
class Check:
    """An asset check: the key of the asset that it checks, and what else it depends on."""

    asset: str
    name: str
    deps: tuple[str, ...] = ()
    place: SourceLocation | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The keys of all assets that it depends on."""
        return (self.asset, *self.deps)


@dataclass(frozen=True)
class Sensor:
    """A sensor, and the keys of the assets whose materializations it watches."""

    name: str
    watches: tuple[str, ...]
    place: SourceLocation | None


@dataclass(frozen=True)
class Manifest:
    """All that a team's code location defines.

    `imports` are the top-level packages that its files name or that are loaded from outside
    its environment, and where.
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

    @property
    def produces(self) -> dict[str, Asset]:
        """The assets that it can materialize, by key."""
        return {asset.key: asset for asset in self.assets if asset.made}

    @property
    def external_assets(self) -> dict[str, Asset]:
        """The assets that it names and cannot materialize, by key."""
        return {asset.key: asset for asset in self.assets if not asset.made}

    @property
    def reads(self) -> set[str]:
        """The keys that its assets and checks depend on."""
        keys = {dep.key for asset in self.assets for dep in asset.deps}
        return keys | {key for check in self.checks for key in check.reads}


def parse(team: Team, raw: Mapping[str, Any]) -> Manifest:
    """The manifest that a team's probe has printed.

    Raises:
        ValueError: if it has another version of the format.
        KeyError: if it lacks a field.
    """
    if raw.get("manifest") != VERSION:
        raise ValueError(f"manifest version {raw.get('manifest')!r}, not {VERSION}")

    def place(found: Mapping[str, Any] | None) -> SourceLocation | None:
        return SourceLocation(team.directory / found["file"], found["line"]) if found else None

    return Manifest(
        team=team,
        dagster=raw["dagster"],
        python=raw["python"],
        assets=tuple(_asset(one, place(one["place"])) for one in raw["assets"]),
        checks=tuple(
            Check(
                asset=one["asset"],
                name=one["name"],
                deps=tuple(one["deps"]),
                place=place(one["place"]),
            )
            for one in raw["checks"]
        ),
        jobs=tuple(raw["jobs"]),
        schedules=tuple(one["name"] for one in raw["schedules"]),
        sensors=tuple(
            Sensor(
                name=one["name"],
                watches=tuple(one["watches"]),
                place=place(one["place"]),
            )
            for one in raw["sensors"]
        ),
        imports={name: place(where) for name, where in raw["imports"].items()},
        raw=raw,
    )


def _asset(raw: Mapping[str, Any], place: SourceLocation | None) -> Asset:
    columns = raw["columns"]
    return Asset(
        key=raw["key"],
        made=raw["made"],
        shadowed=raw["shadowed"],
        observed=raw["observed"],
        external=raw["external"],
        group=raw["group"],
        kinds=tuple(raw["kinds"]),
        deps=tuple(Dependency(**dep) for dep in raw["deps"]),
        partitions=raw["partitions"],
        columns=None if columns is None else tuple(Column(**column) for column in columns),
        watches=tuple(raw["watches"]),
        place=place,
    )

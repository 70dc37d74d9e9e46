"""The files of a new team: templates, filled with its names and the current versions."""

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from packaging.version import Version

from devkit.core import pyproject, pythons
from devkit.core.paths import DEPLOYED_LOCK, ORCHESTRATOR, TOOLS
from devkit.definitions.manifest import Column
from devkit.environments import lockfiles
from devkit.environments.project import orchestrator_project
from devkit.generated.dist import BUILD_SYSTEM
from devkit.registry import shared
from devkit.registry.team import Team

TEMPLATES = Path(__file__).with_name("templates")
SUFFIX = ".tmpl"
LONGEST_PART = 32  # characters of a key in a name, so that import lines are not too long
# What the templates define or import, and what an asset can't be called.
DEFINED = frozenset(
    {"Table", "dg", "no_negative_amounts", "resources", "source", "table", "table_metadata"}
)


@dataclass(frozen=True)
class Upstream:
    """An upstream asset of the new team: its key, its producer, and the columns declared there."""

    key: str
    producer: str
    columns: tuple[Column, ...] | None


@dataclass(frozen=True)
class Names:
    """What a team's example of an upstream asset defines; `part` is the key as part of a name."""

    part: str
    asset: str
    job: str
    sensor: str


def files(team: Team, upstreams: Sequence[Upstream]) -> dict[Path, str]:
    """The text of every file of a new team's project, by its path.

    The examples store tables as utils does, if the repository has it.
    """
    names = {
        "name": team.name,
        "location": team.location,
        "module": team.module,
        "package": team.package,
        "distribution": team.package.replace("_", "-"),
    }
    utils = shared.library()
    values = {**names, **_requirements(utils)}
    made = _filled("team", team, values) | _filled("utils" if utils else "plain", team, values)
    kind = "upstream" if utils else "plain_upstream"
    for upstream, own in zip(upstreams, names_for(team, upstreams), strict=True):
        made |= _filled(kind, team, {**names, **vars(own), **_reading(upstream)})
    return made


def names_for(team: Team, upstreams: Sequence[Upstream]) -> list[Names]:
    """The names for each upstream asset: valid, and different from all others that a team has.

    `a/b` and `a_b`, or two long keys, are the same words: the second one gets a number.
    """
    taken = {f"{team.name}_example", *DEFINED}
    found: list[Names] = []
    for upstream in upstreams:
        words = unicodedata.normalize("NFKD", upstream.key).encode("ascii", "ignore").decode()
        stem = re.sub(r"[^a-z0-9]+", "_", words.lower())[:LONGEST_PART].strip("_") or "table"
        stem = stem if stem[0].isalpha() else f"key_{stem}"
        for number in itertools.count(1):
            own = _names(team, stem if number == 1 else f"{stem}_{number}")
            values = set(vars(own).values())
            if len(values) == len(vars(own)) and not taken & values:
                break
        taken |= values
        found.append(own)
    return found


def _names(team: Team, part: str) -> Names:
    asset = f"{team.name}_{part}"
    job = f"count_{part}"
    return Names(part, asset, job if job != asset else f"{part}_job", f"{part}_updated")


def preferred_pins() -> str:
    """The text of the lock to start from, which has the orchestrator's versions.

    So the new team gets the newest Dagster that the orchestrator supports, and no newer one.
    """
    return (ORCHESTRATOR / DEPLOYED_LOCK).read_text(encoding="utf-8")


def tidy(folder: Path) -> list[tuple[str | Path, ...]]:
    """The commands that sort imports and wrap lines: both depend on the team's name.

    What can't be wrapped, such as a long type of a column, gets a `noqa`.
    """
    ruff = TOOLS / "bin" / "ruff"
    return [
        (ruff, "check", "--quiet", "--no-cache", "--fix-only", "--select", "I", folder),
        (ruff, "format", "--quiet", "--no-cache", folder),
        (ruff, "check", "--quiet", "--no-cache", "--add-noqa", folder),
    ]


def _filled(kind: str, team: Team, values: Mapping[str, str]) -> dict[Path, str]:
    """The texts of one set of templates with these values, by path."""
    top = TEMPLATES / kind
    made = {}
    for template in sorted(top.rglob(f"*{SUFFIX}")):
        name = template.relative_to(top).as_posix().removesuffix(SUFFIX)
        name = name.replace("PACKAGE", team.package).replace("PART", values.get("part", ""))
        text = Template(template.read_text(encoding="utf-8")).substitute(values)
        made[team.directory / name] = text
    return made


def _requirements(utils: Path | None) -> dict[str, str]:
    """The requirements of a new team: the orchestrator's series of Dagster, else those of utils."""
    series = Version(lockfiles.pins(orchestrator_project())["dagster"])
    found = {
        "dagster": f"dagster~={series.major}.{series.minor}.0",
        "python": pythons.requires_python(),
        "build": BUILD_SYSTEM["requires"][0],
    }
    if utils:
        project = pyproject.read(utils)
        needs = {pyproject.package_name(text): text for text in project.project["dependencies"]}
        found |= {"pandas": needs["pandas"], "python": project.requires_python}
    return found


def _reading(upstream: Upstream) -> dict[str, str]:
    """The values for an upstream asset's templates."""
    parts = upstream.key.split("/")
    if upstream.columns is None:
        needed = (
            f"# {upstream.producer} declares no columns for it yet: `invoke check` can't compare.\n"
        )
        metadata = ""
    else:
        listed = "".join(
            f"        dg.TableColumn({column.name!r}, {column.type!r}),\n"
            for column in upstream.columns
        )
        needed = (
            f"# Its columns, as {upstream.producer} declares them; `invoke check` compares both.\n"
            "# Delete those that this team does not need.\n"
            f"NEEDED_COLUMNS = dg.TableSchema(\n    columns=[\n{listed}    ]\n)\n"
        )
        metadata = 'metadata={"dagster/column_schema": NEEDED_COLUMNS},'
    return {
        "key": repr(upstream.key) if len(parts) == 1 else f"dg.AssetKey({parts!r})",
        "producer": upstream.producer,
        "metadata": metadata,
        "needed": needed,
    }

"""Reads the registry, `workspace.yaml`, into `Team` values; nothing else reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from devkit.core import masking
from devkit.core.errors import DevkitError
from devkit.core.paths import REGISTRY
from devkit.core.wording import did_you_mean
from devkit.registry import entries
from devkit.registry.entries import LOADED, REMOTE, Entry
from devkit.registry.team import Team


@dataclass(frozen=True)
class Remote:
    """A code location whose server runs elsewhere: Dagster's `grpc_server`, with its fields."""

    location: str
    fields: Mapping[str, object]


def load_teams(root: Path, origin: Path | None = None) -> tuple[Team, ...]:
    """Read the registry of the repository at `root`, in its order.

    `origin` is the work tree that the files at `root` are exported from; folders may link to it.

    Raises:
        DevkitError: if the file is missing or invalid; if entries are missing a field, have a
            folder or an environment that can't be theirs, or repeat another's location or short
            name: the message lists all faults with their lines.
    """
    file = root / REGISTRY.name
    teams: list[Team] = []
    problems: list[str] = []
    for number, entry in enumerate(entries.read(file), start=1):
        faults = list(entry.faults(root, origin or root))
        if not faults and not entry.is_remote:
            team = entry.team(root)
            faults = [(team.line, clash) for other in teams if (clash := _clash(team, other))]
            if not team.name:
                faults.append((team.line, "needs a `slug` in [tool.dagteam] of its project"))
            teams.append(team)
        title = f"entry {number} ({entry.location or 'no name'})"
        problems += [f"{file.name}, line {line}: {title} {text}" for line, text in faults]
    if problems:
        kinds = ", ".join(f"{kind}: {field}" for kind, field in LOADED.items())
        raise DevkitError(
            "\n".join(problems),
            expected=f"{kinds}; each with executable_path, and {REMOTE}",
            fix=f"edit {file.name}, then see `invoke teams`",
        )
    masking.show(word for team in teams for word in (team.name, team.location, team.module))
    return _apart(teams)


def load_remotes(root: Path) -> tuple[Remote, ...]:
    """The locations of the registry at `root` whose servers run elsewhere.

    Raises:
        DevkitError: if the file is missing or invalid.
    """
    file = root / REGISTRY.name
    found = entries.read(file)
    values = yaml.safe_load(file.read_text(encoding="utf-8"))["load_from"]
    return tuple(
        Remote(entry.location, value[REMOTE])
        for entry, value in zip(found, values, strict=True)
        if entry.is_remote
    )


def teams_in(text: str | None, root: Path) -> tuple[Team, ...] | None:
    """The teams of another registry, whose folders may no longer exist; None if it is invalid."""
    try:
        found = [Entry(node) for node in entries.nodes(text or "")]
    except (yaml.YAMLError, ValueError):
        return None
    local = [entry for entry in found if not entry.is_remote]
    if any(
        entry.wrong or not entry.loaded or not entry.values.get("executable_path")
        for entry in local
    ):
        return None
    return _apart([entry.team(root) for entry in local])


def _apart(teams: Sequence[Team]) -> tuple[Team, ...]:
    """The teams, each of which knows where the others' code is."""
    places = {team.location: team.target for team in teams}
    return tuple(
        replace(
            team,
            neighbors=tuple(path for location, path in places.items() if location != team.location),
        )
        for team in teams
    )


def select(
    teams: Sequence[Team], names: Iterable[str], *, also: Sequence[str] = ()
) -> tuple[Team, ...]:
    """The teams of these names, in the registry's order; all of them for no name.

    A name is a short name or a location; `a,b` stands for both. `also` are other valid names, for
    the error message.

    Raises:
        DevkitError: for an unknown name, with the closest one.
    """
    known = {team.name: team for team in teams} | {team.location: team for team in teams}
    wanted = [part.strip() for name in names for part in name.split(",") if part.strip()]
    for name in wanted:
        if name not in known:
            raise DevkitError(
                f"unknown team {name!r}{did_you_mean(name, [*known, *also])}",
                expected=", ".join([*(team.name for team in teams), *also]),
                fix="see `invoke teams`",
            )
    chosen = {known[name] for name in wanted}
    return tuple(team for team in teams if not wanted or team in chosen)


def _clash(team: Team, other: Team) -> str | None:
    """Why two entries exclude each other; None if they do not."""
    if team.location == other.location:
        return f"duplicate location_name (first on line {other.line})"
    if team.name == other.name:
        return (
            f"short name {team.name!r} already used by {other.location} (line {other.line}): "
            f"[tool.dagteam] slug in {team.folder_below(team.root)}/pyproject.toml sets another"
        )
    if team.identifier == other.identifier:
        return f"name {team.identifier!r} already used by {other.location} (line {other.line})"
    return None

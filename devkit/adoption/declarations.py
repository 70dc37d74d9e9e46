"""Every declaration of a repository: the first kind that has locations counts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from devkit.adoption import cloud_files, containers, projects_toml, workspace_files
from devkit.adoption.declared import Declarations, Declared
from devkit.adoption.located import locate
from devkit.adoption.model import Obstacle, Remote
from devkit.adoption.tree import Tree

Finder = Callable[[Tree], Declarations]
# In the order that counts, with what a difference is called.
OTHERS: tuple[Finder, ...] = (
    projects_toml.dg_workspace, projects_toml.tool_dagster, projects_toml.dg_projects,
    cloud_files.find, containers.find,
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """The locations of the first kind that has some, and how the others differ from it."""

    source: str = ""
    locations: tuple[Declared, ...] = ()
    remotes: tuple[Remote, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()
    servers_here: frozenset[str] = field(default_factory=frozenset)


def find(tree: Tree, workspace: str | None = None) -> Result:
    """The locations that the repository declares."""
    first = workspace_files.find(tree, workspace)
    others = [found for found in (one(tree) for one in OTHERS) if found.locations]
    here, elsewhere = containers.servers(tree, dict(first.servers))
    known = {one.location: one for found in others for one in reversed(found.locations)}
    for remote in [*elsewhere]:
        if remote.location in known:  # declared elsewhere by this name: its code is here
            here.append(known[remote.location])
            elsewhere.remove(remote)
    chosen = Declarations(first.source, (*first.locations, *here), obstacles=first.obstacles)
    if not chosen.locations and not chosen.obstacles and others:
        chosen = _deployed(others) or others[0]
        others = [found for found in others if found is not chosen]
    return Result(
        source=chosen.source,
        locations=chosen.locations,
        remotes=tuple(elsewhere),
        obstacles=(*chosen.obstacles, *_twice(chosen.locations)),
        notes=tuple(_differences(tree, chosen, others)),
        servers_here=frozenset(one.location for one in here),
    )


def _deployed(found: list[Declarations]) -> Declarations | None:
    """The locations of Dagster+, if those that are declared first are among them.

    They are more, perhaps, and runs are in the history by their names.
    """
    tops = {_top(one) for one in found[0].locations}
    for other in found[1:]:
        is_cloud = any("cloud" in one.file for one in other.locations)
        if is_cloud and tops <= {_top(one) for one in other.locations}:
            return other
    return None


def _top(declared: Declared) -> str:
    """The top-level package of a location, or its file."""
    is_file = declared.kind == "file"
    return declared.value if is_file else declared.value.partition(".")[0]


def _twice(locations: tuple[Declared, ...]) -> Iterator[Obstacle]:
    """Locations of one name, which Dagster refuses, too."""
    seen: dict[str, Declared] = {}
    for one in locations:
        if one.location in seen:
            yield Obstacle(
                one.file,
                one.line,
                f"two locations are called {one.location}: the other is at "
                f"{seen[one.location].place}",
                "a name for each",
                f"give one another `location_name`, or choose one file by --workspace: {one.file}",
            )
        seen.setdefault(one.location, one)


def _differences(tree: Tree, chosen: Declarations, others: list[Declarations]) -> Iterator[str]:
    """What the other kinds of declarations have, and the chosen one has not.

    A project of dg without definitions, such as a library, is none.
    """
    values = {_top(one) for one in chosen.locations}
    names = {one.location for one in chosen.locations}
    for other in others:
        for one in other.locations:
            is_new = one.location not in names and _top(one) not in values
            if is_new and (not one.file.endswith(".toml") or locate(tree, one).file):
                yield (
                    f"{one.place} declares {one.location} ({one.value}), which {chosen.source} "
                    "does not: it is not taken over"
                )

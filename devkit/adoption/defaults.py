"""What the kit would find by itself of a planned team, so that only what differs is written."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from devkit.adoption.choice import Choice
from devkit.adoption.declared import ENTRIES
from devkit.adoption.inventory import Found
from devkit.adoption.located import Located, target
from devkit.adoption.needs import name_of
from devkit.adoption.tree import Tree, is_below, parent_of
from devkit.environments import imports
from devkit.registry.team import Kind, Team


def team(tree: Tree, located: Located, chosen: Choice, every: Iterable[Located]) -> Team:
    """The team as the registry will have it, with what is in its project today."""
    declared = located.declared
    others = [one for one in every if one is not located and one.file]
    return Team(
        location=located.location,
        module=declared.value,
        directory=tree.root / chosen.folder,
        python=tree.root / chosen.python,
        line=declared.line,
        kind=Kind(ENTRIES[declared.kind][0]),
        attribute=declared.attribute,
        working_directory=tree.root / located.working_directory,
        neighbors=tuple(tree.root / target(one) for one in others),
        root=tree.root,
    )


def import_root(tree: Tree, found: Team) -> str:
    """The import root that the kit finds."""
    return shown(tree, found.import_root)


def libraries(tree: Tree, found: Team, sources: Iterable[str], root: str) -> set[str]:
    """The code outside of the sources that the kit finds by reading their imports."""
    roots = list(dict.fromkeys([tree.root / root, found.on_path]))
    own = [tree.root / source for source in sources]
    reached = imports.reached(own, roots, [*found.neighbors, found.directory])
    return {shown(tree, path) for path in reached}


def tests(tree: Tree, found: Team) -> tuple[str, ...]:
    """What pytest is given by default, there or not."""
    return tuple(shown(tree, path) for path in found.tests)


def named_projects(tree: Tree, chosen: Choice, projects: Mapping[str, Found]) -> set[str]:
    """The projects of this repository that a project and its libraries depend on by their files."""
    by_name = {project.name: folder for folder, project in projects.items() if project.name}
    found: set[str] = set()
    waiting = [chosen.folder if not chosen.is_new else ""]
    if chosen.is_new and chosen.origin:  # its file will have the sources of the names it lists
        waiting = [by_name[name] for name in _names(chosen.origin) if name in by_name]
        found |= set(waiting)
    while waiting:
        project = projects.get(waiting.pop())
        if project is None or project.form not in ("project", "poetry"):
            continue
        paths = [path for path, place in project.needs.paths.items() if "pyproject" in place]
        members = [by_name[name] for name in _workspace_names(tree, project) if name in by_name]
        for folder in (*paths, *members):
            if folder not in found:
                found.add(folder)
                waiting.append(folder)
    return found


def covered(path: str, by: Iterable[str]) -> bool:
    """Whether a path is one of these, or below one."""
    return any(is_below(path, one) for one in by)


def shown(tree: Tree, path: Path) -> str:
    """A path relative to the root."""
    return path.relative_to(tree.root).as_posix() if path.is_relative_to(tree.root) else str(path)


def _names(origin: Found) -> set[str]:
    """The packages that a project lists, for running and for development."""
    return origin.needs.names | {name_of(each) for each in origin.needs.dev}


def _workspace_names(tree: Tree, project: Found) -> set[str]:
    """The packages that a project takes from uv's workspace, by its own sources or its root's."""
    found: set[str] = set()
    folder = project.folder
    while True:
        file = "pyproject.toml" if folder == "." else f"{folder}/pyproject.toml"
        uv = tree.toml(file).get("tool", {}).get("uv", {}) if tree.has(file) else {}
        for name, source in uv.get("sources", {}).items():
            if isinstance(source, dict) and source.get("workspace"):
                found.add(name_of(name))
        if folder == ".":
            return found & _names(project)
        folder = parent_of(folder)

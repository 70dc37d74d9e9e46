"""Locations that pyproject.toml and dg.toml files declare: `[tool.dagster]`, dg's workspaces."""

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from devkit.adoption.declared import Declarations, Declared
from devkit.adoption.model import below
from devkit.adoption.tree import Tree, joined, parent_of

PYPROJECT, DG = "pyproject.toml", "dg.toml"


def dg_workspace(tree: Tree) -> Declarations:
    """The projects of the workspaces of dg: those that they list, by pattern or by folder."""
    locations: list[Declared] = []
    source = ""
    for file in [*tree.named("dg\\.toml"), *tree.named("pyproject\\.toml")]:
        workspace = dg_table(tree, file).get("workspace")
        if isinstance(workspace, dict):
            for spec in workspace.get("projects", []):
                path = joined(parent_of(file), str(spec.get("path", "")))
                folders = [one for one in tree.folders if path and fnmatch(one, path)]
                for folder in sorted(folders):
                    locations += _dg_project(tree, folder)
                    source = source or file
    return Declarations(source, tuple({each.place: each for each in locations}.values()))


def dg_projects(tree: Tree) -> Declarations:
    """Every project of dg, where no workspace lists them."""
    files = [*tree.named(r"dg\.toml"), *tree.named(r"pyproject\.toml")]
    folders = {parent_of(file) for file in files if not _is_template(file)}
    found = [
        replace(each, runs_in=folder)  # started there, each alone
        for folder in sorted(folders)
        for each in _dg_project(tree, folder)
    ]
    return Declarations(found[0].file if found else "", tuple(found))


def tool_dagster(tree: Tree) -> Declarations:
    """The locations of every `[tool.dagster]`: each is started in its own folder."""
    locations: list[Declared] = []
    for file in tree.named(r"pyproject\.toml"):
        if not _is_template(file):
            locations += _tool_dagster(tree, file)
    sources = ", ".join(dict.fromkeys(each.file for each in locations))
    return Declarations(sources, tuple(locations))


def _is_template(file: str) -> bool:
    """Whether a file is not a project's, but the pattern for new ones."""
    return any(part[0] in "_{" or "template" in part for part in file.split("/")[:-1])


def dg_table(tree: Tree, file: str) -> dict[str, Any]:
    """The settings of dg in a file: the whole dg.toml, or `[tool.dg]`."""
    document = tree.toml(file)
    found = document if file.endswith(DG) else document.get("tool", {}).get("dg", {})
    return found if isinstance(found, dict) else {}


def _tool_dagster(tree: Tree, file: str) -> Iterator[Declared]:
    table = tree.toml(file).get("tool", {}).get("dagster", {})
    listed = table.get("modules") or [{"name": table.get("module_name"), "type": "module"}]
    for module in listed:
        name = module.get("name")
        if name and module.get("type") == "module":
            folder = parent_of(file)
            pattern = rf"[\"']{name}[\"']"
            yield Declared(
                kind="module",
                value=name,
                file=file,
                line=tree.line(file, pattern, tree.line(file, r"^\[+tool\.dagster")),
                name=table.get("code_location_name"),
                folder=folder,
                own=folder,
                runs_in=folder,
            )


def _dg_project(tree: Tree, folder: str) -> Iterator[Declared]:
    """The location of a project of dg: it is named for its folder, unless it says otherwise."""
    for file in (below(folder, DG), below(folder, PYPROJECT)):
        project = dg_table(tree, file).get("project") if tree.has(file) else None
        if isinstance(project, dict) and "root_module" in project:
            loads_all = bool(project.get("autoload_defs"))
            root, last = project["root_module"], "defs" if loads_all else "definitions"
            named = project.get("defs_module" if loads_all else "code_location_target_module")
            title = folder.rpartition("/")[2] if folder != "." else tree.root.name
            yield Declared(
                kind="autoload" if loads_all else "module",
                value=named or f"{root}.{last}",
                file=file,
                line=tree.line(file, "root_module"),
                name=project.get("code_location_name") or title,
                folder=folder,
                own=folder,
            )
            return

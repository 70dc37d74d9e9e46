"""The plan for a folder without code locations: a new platform, with no team yet."""

from devkit.adoption.model import NewFile, Plan
from devkit.adoption.tree import Tree
from devkit.core.paths import ROOT, SHARED

REGISTRY = """\
# The registry: every team's code location. `python3 tasks.py new-team NAME` adds the first one.
# Dagster reads this file, too: https://docs.dagster.io/deployment/code-locations/workspace-yaml
load_from: []
"""
# What a repository may have before it has any code.
BEFORE_CODE = {"README.md", "README.rst", "README", "LICENSE", "LICENSE.md", ".gitignore",
               ".gitattributes", ".editorconfig", "CODEOWNERS"}  # fmt: skip
SHARED_MARK = "\n[tool.dagteam]\nshared = true\n"


def is_empty(tree: Tree) -> bool:
    """Whether a folder has nothing that could be in the way."""
    return set(tree.files) <= BEFORE_CODE


def plan(tree: Tree, answers: dict[str, str]) -> Plan:
    """The kit, an empty registry, and the library that all teams share."""
    library = tuple(_library())
    return Plan(
        root=tree.root,
        git_prefix=tree.git_prefix,
        source_file="",
        registry=REGISTRY,
        new_files=library,
        writes=("workspace.yaml (new: no team yet)", f"utils/ ({len(library)} new files)"),
        stays=tree.files,
        answers=answers,
        notes=("`python3 tasks.py new-team NAME` makes the first team",),
    )


def _library() -> list[NewFile]:
    """The files of the kit's own library."""
    kit = Tree(ROOT)
    files = [file for file in kit.under(SHARED.name) if "/." not in file]
    found = {file: kit.text(file) for file in files}
    project = f"{SHARED.name}/pyproject.toml"
    if project in found and "[tool.dagteam]" not in found[project]:
        found[project] += SHARED_MARK
    return [NewFile(file, text) for file, text in sorted(found.items())]

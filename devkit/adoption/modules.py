"""Where modules are in the repository: the file of a dotted name, and the folder it counts from."""

from collections.abc import Iterable, Iterator

from devkit.adoption.model import below
from devkit.adoption.tree import Tree, is_below, parent_of

# Folders below a project that packages are often in.
USUAL = (".", "src", "python", "lib")


def file_of(tree: Tree, module: str, import_root: str) -> str | None:
    """The file of a module below an import root: `a/b.py`, `a/b/__init__.py`, or None.

    A namespace package, a folder with Python files below it, is its own path.
    """
    path = below(import_root, module.replace(".", "/"))
    for found in (f"{path}.py", f"{path}/__init__.py"):
        if tree.has(found):
            return found
    return path if path in tree.folders and _holds_python(tree, path) else None


def longest(tree: Tree, name: str, import_root: str) -> str | None:
    """The file of the longest part of a dotted name that is a module: the last may be a class."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        found = file_of(tree, ".".join(parts[:length]), import_root)
        if found:
            return found
    return None


def import_root(tree: Tree, module: str, folders: Iterable[str]) -> str | None:
    """The folder that a module is found from: the first of these and what is usual below them.

    Otherwise the only folder of the repository where it is found.
    """
    found = first_root(tree, module, folders)
    if found is not None:
        return found
    path = module.replace(".", "/")
    ends = (f"/{path}.py", f"/{path}/__init__.py")
    roots = {file[: -len(end)] for file in tree.python_files for end in ends if file.endswith(end)}
    nearest = sorted(roots, key=lambda folder: (folder.count("/"), folder))
    shallow = [one for one in nearest if one.count("/") == nearest[0].count("/")]
    return shallow[0] if len(shallow) == 1 else None


def first_root(tree: Tree, module: str, folders: Iterable[str]) -> str | None:
    """The first of these folders that a module is found from."""
    return next((one for one in dict.fromkeys(folders) if file_of(tree, module, one)), None)


def usual_roots(project: str) -> Iterator[str]:
    """The folders below a project that its modules are usually found from."""
    yield from (project if name == "." else below(project, name) for name in USUAL)


def top_of(tree: Tree, file: str, root: str, kept_out: Iterable[str]) -> str:
    """What to take of a file that is imported: its top-level folder, or as deep as is needed.

    `kept_out` are files and folders that may not be below it: the sources of locations.
    """
    kept_out = list(kept_out)
    relative = file if root == "." else file[len(root) + 1 :]
    parts = relative.split("/")
    for length in range(1, len(parts)):
        folder = below(root, "/".join(parts[:length]))
        holds = any(one.endswith(".py") for one in tree.children.get(folder, ()))
        if holds and not any(is_below(other, folder) for other in kept_out):
            return folder
    return file


def project_of(folder: str, projects: Iterable[str]) -> str | None:
    """The deepest of these folders that a path is in."""
    found = [one for one in projects if is_below(folder, one)]
    return max(found, key=lambda one: 0 if one == "." else one.count("/") + 1, default=None)


def parents(path: str) -> Iterator[str]:
    """The folders above a path, the nearest first; the root is the last."""
    while path != ".":
        path = parent_of(path)
        yield path


def _holds_python(tree: Tree, folder: str) -> bool:
    return any(file.endswith(".py") for file in tree.under(folder))

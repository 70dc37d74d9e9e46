"""Where the code of a declared location is: its file, import root and working directory."""

from collections.abc import Sequence
from dataclasses import dataclass

from devkit.adoption import modules
from devkit.adoption.declared import Declared
from devkit.adoption.tree import Tree, parent_of
from devkit.registry import layout


@dataclass(frozen=True)
class Located:
    """A location and its code: `file` is None if it is not in the repository.

    `import_root` and `working_directory` are folders; `file` may be one, of a namespace package.
    """

    declared: Declared
    file: str | None
    import_root: str
    working_directory: str

    @property
    def location(self) -> str:
        """The name that Dagster shows."""
        return self.declared.location

    @property
    def anchor(self) -> str:
        """A path in the location's own folder, even if its code is not found."""
        return self.file or self.declared.own or self.working_directory


def locate(tree: Tree, declared: Declared) -> Located:
    """Find the code of a location, as Dagster does from its working directory, or installed."""
    directory = declared.folder or "."
    if declared.kind == "file":
        found = declared.value if tree.has(declared.value) else None
        return Located(declared, found, directory, directory)
    own = declared.own or "."
    folders = [directory, *modules.usual_roots(own)]
    root = modules.import_root(tree, declared.value, folders)
    file = modules.file_of(tree, declared.value, root) if root is not None else None
    if declared.folder and not _is_certain(declared) and file and root == ".":
        directory = "."
    return Located(declared, file, root if root is not None else directory, directory)


def own_code(tree: Tree, located: Located, every: Sequence[Located]) -> tuple[str, ...]:
    """The sources of a location by default, as the kit finds them; none if its code is not here."""
    if located.file is None:
        return ()
    others = [tree.root / target(one) for one in every if one.file and one is not located]
    base, found = tree.root / located.import_root, tree.root / target(located)
    if base not in found.parents:  # a file that is run in another folder
        return (located.file,)
    sources = layout.sources(base, found, others)
    return tuple(path.relative_to(tree.root).as_posix() for path in sources)


def target(located: Located) -> str:
    """The file of a module, or the folder of a package."""
    file = located.file or located.declared.value
    return parent_of(file) if file.endswith("/__init__.py") else file


def _is_certain(declared: Declared) -> bool:
    """Whether the declaration says where the location is started."""
    return "working_directory" in declared.fields

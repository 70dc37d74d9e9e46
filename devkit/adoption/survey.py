"""What a location is made of, found by reading its imports; and what its code names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from packaging.utils import canonicalize_name

from devkit.adoption import modules
from devkit.adoption.inventory import Found
from devkit.adoption.located import Located
from devkit.adoption.python_files import Reader, is_standard, is_test, variables_in_yaml
from devkit.adoption.tree import Tree, is_below, parent_of

SCRIPTS = r"[\w.-]+\.(sh|bash)|Makefile|[Jj]ustfile|([\w.-]*\.)?[Dd]ockerfile[\w.-]*"
DISTRIBUTION = re.compile(r"[-_]")


@dataclass
class Code:
    """The code of one location; every path has the place where it is needed.

    `foreign` are the places of imports of another location's code, `outside` the top-level modules
    that are not of this repository.
    """

    sources: tuple[str, ...]
    libraries: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


class Surveyor:
    """Follows the imports of locations through a repository; `sources` has those of each."""

    def __init__(
        self,
        tree: Tree,
        reader: Reader,
        projects: Mapping[str, Found],
        sources: Mapping[str, Sequence[str]],
    ) -> None:
        self._tree = tree
        self._reader = reader
        self._projects = projects
        self._sources = sources
        self._tops = dict(self._top_levels())
        self._longest = cache(partial(modules.longest, tree))  # locations import the same names

    def survey(self, located: Located, needed: Iterable[str]) -> Code:
        """The code of a location; `needed` are the names of packages that its project lists."""
        own = tuple(self._sources[located.location])
        code = Code(own)
        packages = {name.replace("-", "_") for name in needed}
        waiting = [file for source in own for file in self._python_below(source)]
        seen = set(waiting)
        while waiting:
            file = waiting.pop()
            for found in self._needs_of(file, located, code, packages, seen):
                for each in self._python_below(found):
                    if each not in seen:
                        seen.add(each)
                        waiting.append(each)
        self._note_yaml(own, code)
        self._note_named(located, code)
        return code

    def resolve(self, name: str, file: str, located: Located) -> tuple[str, str] | None:
        """The file of an imported name, and the import root that it is found from."""
        if name.startswith("/"):
            return self._relative(name, located)
        roots = dict.fromkeys([located.import_root, located.working_directory, *self._beside(file)])
        for root in roots:
            found = self._longest(name, root)
            if found:
                return found, root
        root = self._tops.get(name.partition(".")[0], "")
        found = self._longest(name, root) if root else None
        return (found, root) if found else None

    def _needs_of(
        self, file: str, located: Located, code: Code, packages: set[str], seen: set[str]
    ) -> Iterator[str]:
        """The libraries that a file newly needs; files that were `seen` are in some already."""
        facts = self._reader.of(file)
        if facts.fault:
            code.unreadable.append(f"{file}, {facts.fault}")
        for name, line in facts.variables.items():
            code.variables.setdefault(name, f"{file}:{line}")
        for path, line in facts.paths.items():
            code.paths.setdefault(path, f"{file}:{line}")
        for name, line in facts.imports.items():
            place, top = f"{file}:{line}", name.partition(".")[0]
            if not name.startswith("/") and is_standard(name):
                continue
            found = self.resolve(name, file, located)
            if not found or self._is_installed(top, found, packages):
                code.outside.setdefault(top, place)
                continue
            if found[0] in seen or any(
                is_below(found[0], one) for one in (*code.sources, *code.libraries)
            ):
                continue
            owner = self._owner(found[0], located)
            if owner:
                code.foreign.setdefault(f"{owner} ({name.strip('/')})", place)
                continue
            library = self._library(*found)
            code.libraries.setdefault(library, place)
            yield library

    def _is_installed(self, top: str, found: tuple[str, str], packages: set[str]) -> bool:
        """Whether a package of this name that is installed goes before the folder here.

        As it does before a folder without an `__init__.py`, such as `dagster/`.
        """
        root = "" if found[1] == "." else f"{found[1]}/"
        is_plain = not self._tree.has(f"{root}{top}/__init__.py") and not self._tree.has(
            f"{root}{top}.py"
        )
        return is_plain and (top in packages or top == "dagster")

    def _library(self, file: str, root: str) -> str:
        """What to take of a file: its project, if it is in one of its own, or its folder."""
        project = modules.project_of(file, self._projects)
        own = [each for sources in self._sources.values() for each in sources]
        if project not in (None, ".") and not any(is_below(one, str(project)) for one in own):
            return str(project)
        return modules.top_of(self._tree, file, root, own)

    def _owner(self, file: str, located: Located) -> str | None:
        """The other location that a file belongs to."""
        own = self._sources[located.location]
        for location, sources in self._sources.items():
            if any(is_below(file, one) and one not in own for one in sources):
                return location
        return None

    def _relative(self, name: str, located: Located) -> tuple[str, str] | None:
        parts = name.strip("/").split("/")
        for length in range(len(parts), 0, -1):
            path = "/".join(parts[:length])
            for found in (f"{path}.py", f"{path}/__init__.py"):
                if self._tree.has(found):
                    is_inside = is_below(found, located.import_root)
                    return found, located.import_root if is_inside else "."
        return None

    def _beside(self, file: str) -> Iterator[str]:
        """The import roots of the project that a file is in."""
        project = modules.project_of(file, self._projects)
        if project is not None:
            yield from modules.usual_roots(project)

    def _top_levels(self) -> Iterator[tuple[str, str]]:
        """The top-level modules of every project below the root, and where they are."""
        for folder, project in self._projects.items():
            if folder != "." and project.is_project:
                for root in modules.usual_roots(folder):
                    for file in self._tree.children.get(root, ()):
                        name = file.rpartition("/")[2]
                        if name.endswith(".py") and name not in ("setup.py", "conftest.py"):
                            yield name.removesuffix(".py"), root
                    for sub in self._tree.folders:
                        if parent_of(sub) == root and self._tree.has(f"{sub}/__init__.py"):
                            yield sub.rpartition("/")[2], root

    def _python_below(self, path: str) -> list[str]:
        if path.endswith(".py"):
            return [path]
        return [
            file for file in self._tree.under(path)
            if file.endswith(".py") and not is_test(file) and not _is_of_tests(file, path)
        ]  # fmt: skip

    def _note_yaml(self, sources: Iterable[str], code: Code) -> None:
        for source in sources:
            for file in self._tree.under(source):
                if file.endswith((".yaml", ".yml")):
                    for name in variables_in_yaml(self._tree.text(file)):
                        code.variables.setdefault(name, file)

    def _note_named(self, located: Located, code: Code) -> None:
        """Note the projects of this repository that the code, or a script for it, names."""
        literals: dict[str, str] = {}
        for source in code.sources:
            for file in self._python_below(source):
                for text, line in self._reader.of(file).literals.items():
                    if DISTRIBUTION.search(text):
                        literals.setdefault(canonicalize_name(text), f"{file}:{line}")
        taken = [each for sources in self._sources.values() for each in sources]
        for folder, project in self._projects.items():
            is_own = any(is_below(one, folder) or is_below(folder, one) for one in taken)
            if folder == "." or not project.is_project or is_own or folder in code.libraries:
                continue
            place = literals.get(project.name) or self._in_script(located, folder)
            if place:
                code.named[folder] = place

    def _in_script(self, located: Located, folder: str) -> str | None:
        """The line of a script that has both the location and a project's folder."""
        title = folder.rpartition("/")[2]
        names = {located.location, located.declared.value.partition(".")[0]}
        for file in self._tree.named(SCRIPTS):
            for number, line in enumerate(self._tree.text(file).splitlines(), start=1):
                words = set(re.findall(r"[\w-]+", line))
                if title in words and names & words:
                    return f"{file}:{number}"
        return None


def _is_of_tests(file: str, folder: str) -> bool:
    """Whether a file is in a folder of tests below this one."""
    inside = file[len(folder) + 1 :] if folder != "." else file
    return any(part in ("tests", "test") or part.endswith("_tests") for part in inside.split("/"))

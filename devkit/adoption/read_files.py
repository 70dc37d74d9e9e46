"""Which files a location's code reads, as far as they are in none of the folders of its code."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from devkit.adoption.located import Located
from devkit.adoption.python_files import Facts, Reader
from devkit.adoption.survey import Code
from devkit.adoption.tree import Tree, is_below, joined, parent_of

# Modules with which a file reads others, and folders that are named for other reasons.
READERS = {"pathlib", "os", "glob", "dagster"}
NEVER = {"docs", "doc", "tests", "test", "dist", "build", "bin", "notebooks", "examples", "devkit"}
IN_PROJECT = re.compile(r"\{\{\s*(?:context\.)?project_root\s*\}\}/([^\"'\s{]+)")
MOST = 2000  # files; a larger folder is data, which no image should hold


@dataclass(frozen=True)
class Finder:
    """Looks for the files that one location reads; `project` is the folder of its project."""

    tree: Tree
    reader: Reader
    located: Located
    code: Code
    project: str

    def inputs(self) -> list[str]:
        """The files and folders that the code names; sorted."""
        own = [one for one in (self.project, self.located.working_directory) if one != "."]
        code = (*self.code.sources, *self.code.libraries)
        found = {path for path in self._named() if not _has(path, (*own, *code))}
        here = self.located.declared.runs_in
        # Where code is imported from elsewhere than it runs, its files have another path there.
        same = [*(one for one in own if one == here), *(code if self._is_imported_here else ())]
        for path in self._read():
            if not _has(path, same) and not any(is_below(one, path) for one in (*own, *code)):
                found.add(path)
        return sorted(path for path in found if not any(
            path != other and is_below(path, other) for other in found
        ))  # fmt: skip

    @property
    def _is_imported_here(self) -> bool:
        return self.located.import_root == self.located.declared.runs_in

    def _files(self) -> Iterator[str]:
        for place in (*self.code.sources, *self.code.libraries):
            yield from [place] if self.tree.has(place) else self.tree.under(place)

    def _named(self) -> Iterator[str]:
        """Folders of dbt that the code names, and what components name from the project."""
        titles = {parent_of(file).rpartition("/")[2]: parent_of(file)
                  for file in self.tree.named(r"dbt_project\.ya?ml")}  # fmt: skip
        for file in self._files():
            if file.endswith(".py"):
                texts = self.reader.of(file).literals
                yield from (folder for title, folder in titles.items() if title in texts)
            elif file.endswith((".yaml", ".yml")):
                for path in IN_PROJECT.findall(self.tree.text(file)):
                    yield from self._existing(self.project, path)

    def _read(self) -> Iterator[str]:
        """What is there by paths, and by the names of folders, from where the code runs."""
        here = self.located.declared.runs_in
        for file in self._files():
            facts = self.reader.of(file) if file.endswith(".py") else Facts()
            for path in facts.paths:
                yield from self._existing(here, path)
            if READERS & {name.partition(".")[0] for name in facts.imports}:
                for text in facts.literals:
                    yield from filter(self._is_data, self._existing(here, text))

    def _existing(self, folder: str, path: str) -> Iterator[str]:
        found = joined(folder, path)
        if found and found != "." and (self.tree.has(found) or found in self.tree.folders):
            yield found

    def _is_data(self, folder: str) -> bool:
        """Whether a folder that has the name of some text may be meant by it."""
        if folder.rpartition("/")[2].lower() in NEVER or folder not in self.tree.folders:
            return False
        files = list(self.tree.under(folder))
        return len(files) <= MOST and not any(file.endswith(".py") for file in files)


def _has(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is in one of some folders, or one of them is in it."""
    return any(is_below(path, one) or is_below(one, path) for one in folders)

"""Which files a location's code reads, as far as they are in none of the folders of its code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from devkit.adoption.located import Located
from devkit.adoption.python_files import Reader
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
        found = {path for path in self._named() if self._is_outside(path)}
        found = {path for path in found if not any(
            path != other and is_below(path, other) for other in found
        )}  # fmt: skip
        return sorted(found)

    def _named(self) -> Iterator[str]:
        titles = {parent_of(file).rpartition("/")[2]: parent_of(file)
                  for file in self.tree.named(r"dbt_project\.ya?ml")}  # fmt: skip
        for place in (*self.code.sources, *self.code.libraries):
            for file in [place] if self.tree.has(place) else self.tree.under(place):
                if file.endswith(".py"):
                    yield from self._in_python(file, titles)
                elif file.endswith((".yaml", ".yml")):
                    for path in IN_PROJECT.findall(self.tree.text(file)):
                        yield from self._existing(self.project, path)

    def _in_python(self, file: str, titles: dict[str, str]) -> Iterator[str]:
        facts = self.reader.of(file)
        for text in facts.literals:
            if text in titles:
                yield titles[text]
        places = dict.fromkeys((self.located.declared.runs_in, self.located.working_directory))
        for path in facts.paths:
            for place in places:
                yield from self._existing(place, path)
        if READERS & {name.partition(".")[0] for name in facts.imports}:
            for text in facts.literals:
                for place in places:
                    yield from filter(self._is_data, self._existing(place, text))

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

    def _is_outside(self, path: str) -> bool:
        """Whether what is shipped anyway does not have this path, and it holds no code of that."""
        own = [one for one in (self.project, self.located.working_directory) if one != "."]
        shipped = (*own, *self.code.sources, *self.code.libraries)
        return not any(is_below(path, one) or is_below(one, path) for one in shipped)

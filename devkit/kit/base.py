"""The kit that a repository has, as it was written: what its own changes are compared with."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from devkit.core import git, toml
from devkit.core.errors import DevkitError
from devkit.kit import record
from devkit.kit.contents import GENERATED, TOP, Source
from devkit.kit.record import Record, digest

MOST_COMMITS = 300  # of the source's history that are looked at
LEAST_EQUAL = 0.5  # of the files in devkit/, for a commit to be where a repository came from
MOVED = ("orchestrator/", "docs/", "deploy/", "LICENSE", "CHANGELOG.md")
# A repository that was cloned: these are its own from the first day.
OWN = ("workspace.yaml", "docs/lineage.md", "utils/")


@dataclass
class Adopted:
    """The kit before, by the record of an adoption: digests, and contents from Git's history."""

    root: Path
    source: Source
    record: Record
    _commits: list[str] | None = field(default=None, repr=False)

    @property
    def version(self) -> str:
        """Its version."""
        return self.record.version

    @property
    def names(self) -> set[str]:
        """Its files."""
        return set(self.record.files)

    def theirs(self) -> dict[str, bytes]:
        """The files of the new kit that this repository gets: no workflow that it did not want."""
        return {
            name: content
            for name, content in self.source.contents().items()
            if name.startswith("devkit/") or name == "tasks.py" or name in self.record.files
        }

    def unchanged(self, name: str, content: bytes | None) -> bool:
        """Whether a content is the one that was written."""
        wanted = self.record.files.get(name)
        return wanted is None if content is None else wanted == digest(content)

    def content(self, name: str) -> bytes | None:
        """A file as it was written: from this repository's history, or else the source's."""
        for root, commits, path in self._places(name):
            for commit in commits:
                found = content_at(root, commit, path)
                if found is not None and self.unchanged(name, found):
                    return found
        return None

    def _places(self, name: str) -> Iterator[tuple[Path, list[str], str]]:
        if self._commits is None:
            self._commits = log(self.root, record.NAME)
        yield self.root, self._commits, name
        short = name.removeprefix("devkit/")
        path = short if short.startswith(MOVED) else name
        yield self.source.folder, [self.record.commit], path
        yield self.source.folder, log(self.source.folder, path), path


@dataclass(frozen=True)
class Cloned:
    """The kit before, of a repository that began as a clone: a commit of the source."""

    root: Path
    source: Source
    commit: str
    files: Mapping[str, str]  # the blob of each, by its path

    @property
    def version(self) -> str:
        """Its version."""
        found = content_at(self.source.folder, self.commit, "devkit/pyproject.toml") or b""
        document = toml.parse(found.decode(), Path("pyproject.toml"))
        return str(document.get("project", {}).get("version", ""))

    @property
    def names(self) -> set[str]:
        """Its files, but those that are generated."""
        new = self.theirs()
        gone = {name: self.content(name) or b"" for name in self.files if name not in new}
        generated = {name for name, content in gone.items() if _is_generated(name, content)}
        return set(self.files) - generated

    def theirs(self) -> dict[str, bytes]:
        """The files of the new kit, but those of its own teams and what is generated."""
        listed = git.ask("ls-files", "-z", root=self.source.folder).stdout.split("\0")
        folder = self.source.folder
        texts = {name: (folder / name).read_bytes() for name in listed if (folder / name).is_file()}
        teams = _teams(texts.get("workspace.yaml", b""))
        return {name: text for name, text in texts.items() if _is_kits(name, text, teams)}

    def unchanged(self, name: str, content: bytes | None) -> bool:
        """Whether a content is the one that the commit has."""
        return self.content(name) == content

    def content(self, name: str) -> bytes | None:
        """A file of the commit."""
        return content_at(self.source.folder, self.commit, name) if name in self.files else None


Base = Adopted | Cloned


def find(root: Path, source: Source) -> Base:
    """The kit that the repository at `root` has.

    Raises:
        DevkitError: if it has no record, and no commit of the source is where it came from.
    """
    written = record.read(root)
    if written is not None:
        return Adopted(root, source, written)
    commit = _origin(root, source.folder)
    if commit is None:
        raise DevkitError(
            f"{root} has no {record.NAME}, and no commit in {source.folder} is where it came from",
            expected="a repository that has adopted the kit, or began as a clone of it",
            fix="`git merge` the kit's repository by hand, once",
        )
    files = blobs(source.folder, commit)
    teams = _teams(content_at(source.folder, commit, "workspace.yaml") or b"")
    kits = {name: blob for name, blob in files.items() if _is_kits(name, b"", teams)}
    return Cloned(root, source, commit, kits)


def content_at(root: Path, commit: str, path: str) -> bytes | None:
    """The content of a file at a commit; None if there is none."""
    done = git.ask("cat-file", "blob", f"{commit}:./{path}", root=root)
    return None if done.code or not commit else os.fsencode(done.stdout)


def log(root: Path, path: str) -> list[str]:
    """The commits that changed a file, the newest first."""
    done = git.ask("log", f"--max-count={MOST_COMMITS}", "--format=%H", "--", path, root=root)
    return done.stdout.split()


def blobs(root: Path, commit: str, *paths: str) -> dict[str, str]:
    """The blob of each file of a commit, by its path."""
    done = git.ask("ls-tree", "-r", "-z", commit, "--", *paths, root=root)
    rows = (row.partition("\t") for row in done.stdout.split("\0") if row)
    return {name: meta.split()[2] for meta, _, name in rows}


def _origin(root: Path, folder: Path) -> str | None:
    """The commit of the source that a clone began with: one of its own, or the most similar."""
    theirs = git.ask("rev-list", "--all", root=folder).stdout.split()
    known = set(theirs)
    for commit in git.ask("rev-list", "HEAD", root=root).stdout.split():
        if commit in known:
            return commit
    own = set(blobs(root, "HEAD", "devkit").items())
    equal = {
        commit: len(own & set(blobs(folder, commit, "devkit").items()))
        for commit in theirs[:MOST_COMMITS]
    }
    best = max(equal, key=lambda commit: equal[commit], default=None)
    return best if best and own and equal[best] >= LEAST_EQUAL * len(own) else None


def _teams(registry: bytes) -> set[str]:
    """The top folders of the teams of a registry."""
    import yaml

    entries = (yaml.safe_load(registry) or {}).get("load_from") or []
    fields = [one for entry in entries for one in entry.values() if isinstance(one, Mapping)]
    places = [one.get("executable_path") or one.get("working_directory") for one in fields]
    return {PurePosixPath(place).parts[0] for place in places if place and place != "."}


def _is_kits(name: str, content: bytes, teams: set[str]) -> bool:
    """Whether a file is the kit's: no team's, and not generated from the registry."""
    is_own = name.startswith(OWN) or name.partition("/")[0] in teams
    return not is_own and not _is_generated(name, content)


def _is_generated(name: str, content: bytes) -> bool:
    """Whether a file is generated; a template in devkit/ only looks like it."""
    return GENERATED in content[:TOP] and not name.startswith("devkit/")

"""What the kit consists of: its files in a source, by where an adopted repository has them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devkit.core import git, toml
from devkit.core.errors import DevkitError

NAME = "dagteam"  # of the project in devkit/
# Of a repository itself, not of the kit that it has.
NOT_SHIPPED = {"devkit/adopted.toml", "devkit/baseline.toml", "docs/lineage.md"}
GENERATED = b"`invoke derive`"  # at the top of each file that is generated as a whole
TOP = 300  # bytes
WORKFLOW = ".github/workflows/dagteam.yml"  # where `adopt --ci` was asked for it
TEMPLATES = {
    WORKFLOW: "devkit/kit/templates/workflow.yml",
    "devkit/.ruff.toml": "devkit/kit/templates/ruff.toml",
    "devkit/.gitattributes": "devkit/kit/templates/gitattributes",
}


@dataclass(frozen=True)
class Source:
    """A kit in a folder: its version, the commit of its checkout (or empty), and its files.

    `files` has the path of each file below `folder` by its path in an adopted repository.
    """

    folder: Path
    version: str
    commit: str
    files: Mapping[str, str]

    def content(self, target: str) -> bytes | None:
        """The content of a file by its path in an adopted repository; None if there is none."""
        name = self.files.get(target)
        return (self.folder / name).read_bytes() if name else None

    def contents(self) -> dict[str, bytes]:
        """The content of every file, by its path in an adopted repository."""
        return {target: (self.folder / name).read_bytes() for target, name in self.files.items()}


def of_folder(folder: Path) -> Source:
    """The kit in a folder: a checkout, or a copy without Git.

    Raises:
        DevkitError: if there is none.
    """
    names = [name for name in _names(folder) if (folder / name).is_file()]
    return Source(
        folder,
        version_in(folder),
        head(folder),
        {
            target: name
            for name in names
            if (target := shipped_as(name)) and not _is_derived(folder / name, name)
        }
        | {target: name for target, name in TEMPLATES.items() if (folder / name).is_file()},
    )


def version_in(folder: Path) -> str:
    """The version of the kit in a folder.

    Raises:
        DevkitError: if there is none.
    """
    file = folder / "devkit" / "pyproject.toml"
    project = toml.read(file).get("project", {}) if file.is_file() else {}
    if project.get("name") != NAME or not (folder / "tasks.py").is_file():
        raise DevkitError(
            f"there is no kit in {folder}",
            expected="a clone of DagTeam, with tasks.py and devkit/",
            fix="name another folder, or the URL of its Git repository",
        )
    return str(project.get("version", ""))


def head(folder: Path) -> str:
    """The commit that is checked out in a folder; empty if it is no checkout of its own."""
    asked = git.ask("rev-parse", "--show-prefix", "HEAD", root=folder)
    prefix, _, commit = asked.stdout.partition("\n")
    return "" if asked.code or prefix else commit.strip()


def shipped_as(name: str) -> str | None:
    """Where an adopted repository has a file of the kit; None for what it does not get.

    Everything is in the one folder, but tasks.py.
    """
    top, _, rest = name.partition("/")
    if name in NOT_SHIPPED:
        return None
    if name == "tasks.py" or top == "devkit":
        return name
    if top in ("orchestrator", "deploy") or name in ("LICENSE", "CHANGELOG.md"):
        return f"devkit/{name}"
    if name == ".dockerignore":
        return f"devkit/deploy/{name}"
    is_page = top == "docs" and name.endswith(".md") and "/" not in rest
    return f"devkit/{name}" if is_page else None


def _is_derived(file: Path, name: str) -> bool:
    """Whether a file in deploy/ is generated from the source's own registry."""
    return name.startswith("deploy/") and GENERATED in file.read_bytes()[:TOP]


def _names(folder: Path) -> Iterator[str]:
    """The files of a folder that Git tracks or would; all but caches where there is no Git."""
    if head(folder):
        listed = git.ask("ls-files", "--cached", "--others", "--exclude-standard", "-z",
                         root=folder)  # fmt: skip
        yield from sorted({name for name in listed.stdout.split("\0") if name})
        return
    for directory, folders, files in os.walk(folder):
        hidden = {"__pycache__", ".git", ".dagteam"}
        folders[:] = sorted(
            name for name in folders if name not in hidden and not name.startswith(".venv")
        )
        for name in sorted(files):
            yield Path(directory, name).relative_to(folder).as_posix()

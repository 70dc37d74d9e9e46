"""Built environments for copies of the repository: hard links to the files of the sandbox's own.

So a copy takes a second, and its bytecode is compiled. What names the folder is rewritten. Programs
that install packages replace files: they do not write through a link, and `written_through` finds
what did.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

# Files of an environment that name its folder, or the folders of editable packages.
NAMES_A_FOLDER = ("pyvenv.cfg", ".stamp", "direct_url.json")


class Found(NamedTuple):
    """A file as it was."""

    inode: int
    size: int
    changed: int


def prepare(source: Path, target: Path) -> None:
    """Give a copy of `source` its environments, its DAGSTER_HOME and its Git hook.

    Does nothing if the two are on different disks: `setup` builds them then.
    """
    with suppress(OSError):
        for environment in environments(source):
            _link(environment, target / environment.relative_to(source), source, target)
    home = target / ".dagster_home"
    shutil.copytree(source / ".dagster_home", home, symlinks=True)
    (home / "dagster.yaml").unlink()
    (home / "dagster.yaml").symlink_to(target / "orchestrator/dagster.yaml")
    hook = Path(".git/hooks/pre-commit")
    shutil.copy2(source / hook, target / hook)
    _rename(target / hook, source, target)


def environments(root: Path) -> list[Path]:
    """The environments in a repository, but for its tools'."""
    found = [*root.glob(".venv-*/bin"), *root.glob("*/.venv-*/bin")]
    return [folder.parent for folder in found if folder.parent.name != ".venv-tools"]


def state(root: Path) -> dict[Path, Found]:
    """The installed files, to compare them with later."""
    return dict(_installed(root))


def written_through(root: Path, before: Mapping[Path, Found]) -> list[Path]:
    """The files that were changed in place, and with them every link to them."""
    return [
        path
        for path, found in _installed(root)
        if path in before and found != before[path] and found.inode == before[path].inode
    ]


def _installed(root: Path) -> Iterator[tuple[Path, Found]]:
    for environment in environments(root):
        for folder, _, names in os.walk(environment / "lib"):
            for name in names:
                path = Path(folder, name)
                at = path.lstat()
                yield path, Found(at.st_ino, at.st_size, at.st_mtime_ns)


def _link(environment: Path, target: Path, old: Path, new: Path) -> None:
    """Link an environment's files, and rewrite those that name a folder."""
    named: list[Path] = []

    def link(source: str, wanted: str) -> None:
        file = Path(source)
        if file.parent.name == "bin" or file.name in NAMES_A_FOLDER or file.suffix == ".pth":
            shutil.copy2(source, wanted)
            named.append(Path(wanted))
        else:
            os.link(source, wanted)

    try:
        shutil.copytree(environment, target, symlinks=True, copy_function=link)
    except shutil.Error as error:
        shutil.rmtree(target)
        raise OSError(str(error)) from None
    for path in named:
        _rename(path, old, new)


def _rename(file: Path, old: Path, new: Path) -> None:
    file.write_bytes(file.read_bytes().replace(os.fsencode(old), os.fsencode(new)))

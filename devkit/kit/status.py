"""What `invoke kit` says: which kit this is, what was changed in it here, what is newer."""

from dataclasses import dataclass
from pathlib import Path

from devkit.core import output
from devkit.core.paths import ROOT
from devkit.core.wording import counted
from devkit.kit import contents, record, sources


@dataclass(frozen=True)
class Status:
    """The kit's version, the commit that it was taken from, and the files that were changed here.

    `adopted` says whether there is a record; without one nobody knows of changes.
    """

    version: str
    commit: str
    adopted: bool
    edited: tuple[str, ...] = ()


def of(root: Path = ROOT) -> Status:
    """The kit in the repository at `root`.

    Raises:
        DevkitError: if its record is not valid TOML.
    """
    written = record.read(root)
    if written is None:
        return Status(contents.version_in(root), "", adopted=False)
    return Status(written.version, written.commit, adopted=True, edited=tuple(written.edited(root)))


def show(source: str = "", root: Path = ROOT) -> None:
    """Print the version, the files that were changed here, and what a source has.

    Raises:
        DevkitError: if there is no kit in the source.
    """
    found = of(root)
    commit = f", commit {found.commit[:8]}" if found.commit else ""
    how = "adopted" if found.adopted else "this repository began as a clone of the kit's"
    output.info(f"DagTeam {found.version}{commit} ({how})")
    if found.edited:
        output.info(f"changed here: {counted(len(found.edited), 'file')} of the kit")
        for name in found.edited:
            output.info(f"  {name}")
    elif found.adopted:
        output.info("no file of the kit was changed here")
    if not source:
        return
    with sources.opened(source) as newer:
        sources.remember(source, newer.version, root)
        if sources.is_newer(newer.version, found.version):
            output.info(f"newer: {newer.version}; `invoke kit --update --from {source}`")
        elif newer.commit and found.commit and newer.commit != found.commit:
            output.info(f"{source} has {newer.version}, too, of commit {newer.commit[:8]}")
        else:
            output.info(f"{source} has nothing newer ({newer.version})")

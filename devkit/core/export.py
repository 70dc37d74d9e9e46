"""The files of a commit, or of what is staged, in a folder of their own."""

import glob
import os
import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT

# Settings that would leave files out, or write into the repository.
SETTINGS = ("-c", "core.sparseCheckout=false", "-c", "core.splitIndex=false",
            "-c", "core.fsmonitor=false")  # fmt: skip


@dataclass(frozen=True)
class Files:
    """The files of the repository at `root`, in `folder`: an export, or the work tree itself."""

    root: Path
    folder: Path

    @property
    def in_place(self) -> bool:
        """Whether this is the work tree."""
        return self.folder == self.root

    def path(self, inside: Path) -> Path:
        """Where a path of the work tree is among these files."""
        outside = not inside.is_relative_to(self.root)
        return inside if outside else self.folder / inside.relative_to(self.root)

    def original(self, path: Path) -> Path:
        """The path in the work tree of one of these files."""
        inside = path.is_relative_to(self.folder)
        return self.root / path.relative_to(self.folder) if inside else path

    def with_original_paths(self, text: str) -> str:
        """A text that names paths of these files, with those of the work tree."""
        return text.replace(str(self.folder), str(self.root))


WORK_TREE = Files(ROOT, ROOT)


@contextmanager
def exported(tree: str, only: Sequence[str], root: Path = ROOT) -> Iterator[Files]:
    """The files of a commit or tree in a temporary folder: `only` these folders, and the root's.

    Every other folder, every submodule, and what Git ignores are links to those in the work tree,
    since definitions may read them: data, or what another tool has generated. If the root is below
    the top of its work tree, so is the folder, and what is above it is there too. Changes nothing
    in the repository, as a Git worktree would.

    Raises:
        DevkitError: if the files can't be written.
    """
    top = git.top(root)
    below = PurePosixPath(git.prefix(root))
    chosen = [posixpath.normpath(below / name) for name in only]
    with tempfile.TemporaryDirectory(prefix="dagteam-files-") as scratch:
        copy = Path(scratch).resolve() / "tree"
        index = copy.parent / "index"
        folder = copy / below
        folder.mkdir(parents=True)
        # Of the folders above the root, and of the root, what is directly in them.
        levels = [each.as_posix() for each in (below, *below.parents) if each.parts]
        kept = [f":(exclude,glob){glob.escape(level)}/*" for level in levels]
        others = [":(glob)*/**", *kept, *(f":(exclude,literal){name}" for name in chosen)]
        _run(top, index, "read-tree", tree)
        _run(top, index, "rm", "-r", "-f", "-q", "--cached", "--ignore-unmatch", "--", *others)
        _run(top, index, "checkout-index", "--all", f"--prefix={copy}/")
        _link(top, copy, _listed(top, "ls-tree", "-r", "-d", "--name-only", "-z", tree), below)
        _link(top, copy, _listed(top, "ls-files", "--others", "--ignored", "--directory",
                                 "--exclude-standard", "-z"), below)  # fmt: skip
        # For code that asks Git for the commit that it belongs to.
        directory = _run(root, None, "rev-parse", "--absolute-git-dir").strip()
        (copy / ".git").write_text(f"gitdir: {directory}\n", encoding="utf-8")
        yield Files(root, folder)


def _link(top: Path, copy: Path, names: Iterable[str], below: PurePosixPath) -> None:
    """Link these files and folders of the work tree, except environments and bytecode.

    A folder that is not in the work tree is made, empty. The root, which is `below` the top, and
    what it is in are no links.
    """
    for name in map(PurePosixPath, names):
        link = copy / name
        if any(part == "__pycache__" or part.startswith(".venv") for part in name.parts):
            continue
        if below.is_relative_to(name):
            continue
        if not link.parent.is_dir() or link.parent.resolve() != link.parent:
            continue  # in a folder that is left out, or linked as a whole
        if link.is_dir() and not link.is_symlink() and not any(link.iterdir()):
            link.rmdir()  # a submodule
        if os.path.lexists(link):
            continue
        if os.path.lexists(top / name):
            link.symlink_to(top / name)
        else:
            link.mkdir()


def _listed(root: Path, *arguments: str) -> list[str]:
    return [name for name in _run(root, None, *arguments).split("\0") if name]


def _run(root: Path, index: Path | None, *arguments: str) -> str:
    """Run Git, which fails here if a file can't be written."""
    done = git.ask(*SETTINGS, *arguments, root=root, index=index)
    if done.code:
        raise DevkitError(
            f"the files of a commit can't be unpacked in {tempfile.gettempdir()}",
            expected="enough free space",
            found=done.stderr.strip(),
            fix="free some space there, or set TMPDIR to another folder",
        )
    return done.stdout

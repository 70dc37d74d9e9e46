"""Where a newer kit comes from: a folder, or the URL of a Git repository."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.files import replace_text
from devkit.core.paths import ROOT, STATE
from devkit.kit import contents
from devkit.kit.contents import Source

SEEN = f"{STATE.name}/kit.json"  # the last source, and the version that was there


@contextmanager
def opened(source: str) -> Iterator[Source]:
    """The kit in a folder as it is there, or in a Git repository, of which this makes a clone.

    Raises:
        DevkitError: if there is none, or Git can't clone it.
    """
    if (Path(source) / "tasks.py").is_file():
        yield contents.of_folder(Path(source).resolve())
        return
    with tempfile.TemporaryDirectory(prefix="dagteam-kit-") as scratch:
        folder = Path(scratch) / "kit"
        # A folder of Git's, or one without a kit, which `of_folder` reports.
        done = git.ask("clone", "--quiet", "--", source, str(folder), root=Path.cwd())
        if done.code:
            raise DevkitError(
                f"{source} can't be cloned",
                expected="a clone of DagTeam, or the URL of its Git repository",
                found=done.stderr.strip(),
                fix="name another with `--from`",
            )
        yield contents.of_folder(folder)


def remember(source: str, version: str, root: Path = ROOT) -> None:
    """Remember which version a source has, for the doctor, which asks no network."""
    file = root / SEEN
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        replace_text(file, json.dumps({"source": source, "version": version}) + "\n")


def newest(root: Path = ROOT) -> tuple[str, str] | None:
    """The last source and the version in it: of a folder, as it is now. None if none is known."""
    try:
        seen = json.loads((root / SEEN).read_text(encoding="utf-8"))
        source, version = str(seen["source"]), str(seen["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if (Path(source) / "tasks.py").is_file():
        with suppress(DevkitError):
            version = contents.version_in(Path(source))
    return source, version


def is_newer(version: str, than: str) -> bool:
    """Whether a version is newer than another."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version) > Version(than)
    except InvalidVersion:
        return version != than

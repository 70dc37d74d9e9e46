"""The journal of a change of the registry: how to undo it if it fails, is interrupted or killed.

Each step is recorded before it is taken, and undoing it a second time changes nothing. A process
that is killed leaves its journal, from which another one undoes the change.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from devkit.core import filelocks
from devkit.core.errors import DevkitError, fixable
from devkit.core.files import replace_text
from devkit.core.paths import ROOT, STATE

JOURNAL = STATE / "altering"
TRASH = STATE / "removed"  # folders of removed teams, until the change is complete
ATTEMPTS = 25
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Unfinished:
    """A change whose process was killed: its command, and the location that it is about."""

    command: str
    location: str


class Journal:
    """The open journal of a change; whoever has it holds the registry's lock."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def begin(self, command: str, location: str) -> None:
        """Start a change."""
        self.complete()
        self._record({"begun": command, "location": location})

    def create(self, folder: Path) -> None:
        """Create a folder; undoing it removes the folder with its content.

        Raises:
            FileExistsError: if there is one, which then is not undone.
        """
        if os.path.lexists(folder):
            raise FileExistsError(f"{folder} already exists")
        self._record({"create": _relative(folder)})
        folder.mkdir()

    def replace(self, path: Path, text: str | None) -> None:
        """Replace the text of a file, which may not exist, or with None remove the file."""
        self._record({"replace": _relative(path), "old": _text(path), "new": text})
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_text(path, text)

    def keep(self, path: Path) -> None:
        """Record the text of a generated file that is about to be written by other means."""
        self._record({"replace": _relative(path), "old": _text(path)})

    def move_to_trash(self, folder: Path) -> Path:
        """Move a folder away in one step; returns where to."""
        TRASH.mkdir(parents=True, exist_ok=True)
        names = (f"{folder.name}-{number}" for number in range(1, 1000))
        target = next(TRASH / name for name in names if not os.path.lexists(TRASH / name))
        self._record({"move": _relative(folder), "to": _relative(target)})
        folder.rename(target)
        return target

    def undo(self) -> list[str]:
        """Undo every step, the last one first; returns what could not be undone, and why.

        What somebody has changed since is left alone.
        """
        problems: list[str] = []
        for step in reversed(self._steps()):
            try:
                problems += _undo(step)
            except OSError as error:
                problems.append(str(error))
        self.complete()
        return problems

    def complete(self) -> None:
        """End the change: from here on, there is nothing to undo."""
        self._file.truncate(0)

    @property
    def is_complete(self) -> bool:
        """Whether there is no change, or it is complete."""
        return os.fstat(self._file.fileno()).st_size == 0

    def unfinished(self) -> Unfinished | None:
        """The change that a killed process has left here; None if it had not taken a step."""
        steps = self._steps()
        if len(steps) < 2:  # noqa: PLR2004 (the first one only says what begins)
            return None
        return Unfinished(steps[0].get("begun", ""), steps[0].get("location", ""))

    def _record(self, step: dict[str, Any]) -> None:
        self._file.write(json.dumps(step) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _steps(self) -> list[dict[str, Any]]:
        self._file.seek(0)
        found = []
        for line in self._file:
            with suppress(ValueError):  # killed while it was recorded, and so before it was taken
                found.append(json.loads(line))
        return [step for step in found if isinstance(step, dict)]


@contextmanager
def opened() -> Iterator[Journal]:
    """Hold the registry's lock.

    Raises:
        DevkitError: if another process holds it, naming its change, or this user may not write.
    """
    try:
        JOURNAL.parent.mkdir(exist_ok=True)
        opened = JOURNAL.open("a+", encoding="utf-8")
    except OSError as error:
        raise fixable(error) from None
    with opened as file:
        if not _locked(file):
            steps = Journal(file)._steps()  # noqa: SLF001
            who = steps[0].get("location") or steps[0].get("begun") if steps else "just starting"
            raise DevkitError(
                f"another `invoke new-team` or `remove-team` is running ({who})",
                fix="wait for it, then run the command again",
            )
        yield Journal(file)


def unfinished() -> Unfinished | None:
    """The change that a killed process has left; None while another process has the journal."""
    if not JOURNAL.exists() or filelocks.is_locked(JOURNAL):
        return None
    with JOURNAL.open(encoding="utf-8") as file:
        return Journal(file).unfinished()


def _locked(file: IO[str]) -> bool:
    """Take the lock; whoever looks at it (`unfinished`) holds it for a moment."""
    for _ in range(ATTEMPTS):
        if filelocks.try_lock(file):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _undo(step: dict[str, Any]) -> Iterator[str]:
    """Undo one step; yields what stays as it is."""
    if "create" in step:
        folder = ROOT / step["create"]
        if folder.is_dir():
            shutil.rmtree(folder)
    elif "move" in step:
        folder, target = ROOT / step["move"], ROOT / step["to"]
        if target.exists() and not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            target.rename(folder)
        elif target.exists():
            yield f"{step['move']} exists again; what it was is in {step['to']}"
    elif "replace" in step:
        path, old = ROOT / step["replace"], step["old"]
        now = _text(path)
        if now == old:
            return
        if now != step.get("new", now):
            yield f"{step['replace']} has been changed since, and is left as it is"
        elif old is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_bytes(old))


def _relative(path: Path) -> str:
    return os.path.relpath(path, ROOT)


def _text(path: Path) -> str | None:
    """A file's text, from which its bytes can be had again; None if there is no file."""
    return path.read_bytes().decode("utf-8", "surrogateescape") if path.is_file() else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

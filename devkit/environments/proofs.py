"""Environments as images have them: what a deployed lock pins, and nothing else.

They are in `.dagteam/proofs`, each named by a digest of its lock and its Python, so teams with the
same lock share one, and one that is still right is used again.
"""

import hashlib
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from devkit.core import filelocks, output, uv
from devkit.core.paths import STATE

FOLDER = STATE / "proofs"
COMPLETE = ".complete"
KEPT_SECONDS = 7 * 24 * 3600.0  # after its last use

# As in deploy/Dockerfile: hashes decide which file is installed, not the index.
OPTIONS = ("--require-hashes", "--index-strategy", "unsafe-best-match")


def environment(name: str, lock: Path, python: Path) -> Path:
    """The interpreter of an environment with what a lock pins, which is built if it is missing.

    `name` is the team's, for messages; `python` is what it is built with.

    Raises:
        DevkitError: if it can't be built: the lock has a line that is no pin, or one without hash.
        OSError: if it can't be written.
    """
    folder = FOLDER / _digest(lock, python)
    interpreter = folder / "bin" / "python"
    FOLDER.mkdir(parents=True, exist_ok=True)

    def waiting() -> None:
        output.warn(f"waiting: another process builds the environment of {name}'s image ...")

    with filelocks.hold(folder.with_suffix(".lock"), waiting) as lock_file:
        if not (folder / COMPLETE).exists():
            failure = f"{name}: what the image needs can't be installed from its lock alone"
            fds = [lock_file.fileno()]
            uv.run("venv", "--quiet", "--clear", "--no-project", "--python", python, folder,
                   failure=failure, pass_fds=fds)  # fmt: skip
            uv.run("pip", "sync", "--quiet", "--python", interpreter, *OPTIONS, lock,
                   failure=failure, pass_fds=fds)  # fmt: skip
        (folder / COMPLETE).touch()
    return interpreter


def prune() -> None:
    """Delete the environments that no proof has used for a week."""
    for lock in FOLDER.glob("*.lock"):
        with suppress(OSError), lock.open("a", encoding="utf-8") as file:  # or another's
            folder = lock.with_suffix("")
            if filelocks.try_lock(file) and not _is_recent(folder / COMPLETE):
                shutil.rmtree(folder, ignore_errors=True)
                lock.unlink()


def _is_recent(mark: Path) -> bool:
    return mark.exists() and time.time() - mark.stat().st_mtime < KEPT_SECONDS


def _digest(lock: Path, python: Path) -> str:
    hashed = hashlib.sha256(lock.read_bytes())
    hashed.update(os.fsencode(python.resolve()))
    return hashed.hexdigest()[:16]

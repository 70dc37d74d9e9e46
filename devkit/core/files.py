"""Writes files that others read at any time: they see the old text or the new one.

Standard library only: `bootstrap` needs it.
"""

import contextlib
import os
import shutil
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Put a text in a file's place, in one step; the file keeps its permissions.

    A process that is killed on the way leaves at most `.NAME.PID.new`, which Git ignores.

    Raises:
        OSError: if it can't be written; the old file is as it was.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        if path.exists():
            shutil.copymode(str(path), str(fresh))
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise

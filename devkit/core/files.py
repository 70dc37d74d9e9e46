"""Replaces files atomically: whoever reads one sees the old text or the new one.

Standard library only: `bootstrap` needs it.
"""

import contextlib
import os
import shutil
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Replace a file's text in one step, keeping its permissions; creates a missing file.

    A process that is killed meanwhile leaves at most `.NAME.PID.new`, which Git ignores.

    Raises:
        OSError: if it can't be written; the old file is unchanged.
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

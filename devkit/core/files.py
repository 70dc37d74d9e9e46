"""Reads texts, and replaces files atomically: a reader sees the old text or the new one.

Standard library only: `bootstrap` needs it.
"""

import contextlib
import io
import os
import shutil
import threading
from pathlib import Path

from devkit.core.errors import DevkitError, fixable
from devkit.core.paths import shown


def read_text(path: Path) -> str:
    """The text of a file that the user may edit; line ends as in Python, a byte order mark removed.

    Raises:
        DevkitError: if it can't be read or is not UTF-8, with the line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise fixable(error) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DevkitError(
            "{}, line {}: not valid UTF-8".format(shown(path), line),
            fix="save {} as UTF-8".format(shown(path)),
        ) from None
    return io.StringIO(text, newline=None).read()


def replace_text(path: Path, text: str) -> None:
    """Replace a file's text in one step, keeping its permissions; creates a missing file.

    A process that is killed meanwhile leaves at most `.NAME.PID.THREAD.new`, which Git ignores.

    Raises:
        OSError: if it can't be written; the old file is unchanged.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        if path.exists():
            shutil.copymode(str(path), str(fresh))
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise

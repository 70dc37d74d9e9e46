"""The error that the user can fix, and hints for failed downloads and installations.

Standard library only, in syntax that old Pythons understand: `bootstrap` needs it.
"""

import errno
import os
import re
from pathlib import Path
from typing import Optional

from devkit.core.paths import shown

# Patterns in the output of pip, venv and uv, and the hint for each. The first match wins: a full
# disk also looks like a failed download.
HINTS = (
    (
        r"No space left on device|database or disk is full|os error (28|122)\b|Disk quota exceeded",
        "The disk is full: free some space (`uv cache clean` may help), then run the command "
        "again.",
    ),
    (
        r"Permission denied|os error (13|30)\b|Read-only file system",
        "Permission denied: check who owns the checkout and the cache folder.",
    ),
    (
        r"ensurepip is not|No module named '?(venv|ensurepip)",
        "This Python has no venv module: install it (on Debian and Ubuntu: "
        "`sudo apt install python3-venv`), then run the command again.",
    ),
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES|Hash mismatch",
        "Hash mismatch: a downloaded package is not the one in the lock. Nothing was installed. "
        "Find out who changed the package index before you change the lock.",
    ),
    (
        r"dns error|error sending request|NewConnectionError|Failed to establish a new connection"
        r"|Connection refused|Network is unreachable|tunnel error|No address associated"
        r"|Temporary failure in name resolution|Could not connect|timed out"
        r"|Max retries exceeded|Failed to fetch",
        "No network: the package index can't be reached. Connect (or set your proxy or mirror), "
        "then run the command again.",
    ),
)


class DevkitError(Exception):
    """An error that the user can fix: what is wrong, expected and found, and what fixes it.

    `cli` prints it without a traceback and exits with 1.
    """

    def __init__(
        self,
        what: str,
        *,
        expected: Optional[str] = None,
        found: Optional[str] = None,
        fix: Optional[str] = None,
    ) -> None:
        details = {"expected": expected, "found": found, "fix": fix}
        lines = ["  {:<10}{}".format(label + ":", text) for label, text in details.items() if text]
        super().__init__("\n".join([what, *lines]))
        self.what = what
        self.fix = fix


# What the user can do about an error of the operating system.
OS_FIXES = {
    errno.EACCES: "check its owner and permissions: `ls -ld {}`",
    errno.EPERM: "check its owner and permissions: `ls -ld {}`",
    errno.EISDIR: "replace the folder {} by a file",
    errno.ENOTDIR: "check what is a file in {} and should be a folder",
}


# What a command reports in one message, and of one team as that team's result.
FIXABLE = (DevkitError, OSError)


def fixable(error: Exception) -> DevkitError:
    """One of FIXABLE as a DevkitError: for the operating system's, with the file if known."""
    if isinstance(error, DevkitError):
        return error
    if not isinstance(error, OSError) or error.filename is None:
        return DevkitError(str(error))
    file = shown(Path(os.fsdecode(error.filename)))
    if error.errno == errno.ENOENT:
        return DevkitError("{} not found".format(file), fix="create {}".format(file))
    fix = OS_FIXES.get(error.errno or 0, "").format(file)
    return DevkitError("{} can't be used: {}".format(file, error.strerror), fix=fix)


def hint_for(output: str) -> Optional[str]:
    """The cause of a failed pip, venv or uv and its fix, in one line; None if it is unknown.

    `output` is what the program printed.
    """
    for pattern, sentence in HINTS:
        if re.search(pattern, output, re.IGNORECASE):
            return sentence
    return None

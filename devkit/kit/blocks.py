"""Marked blocks: lines of the kit in a file that is somebody else's, put in and taken out.

What is around a block stays as it was, byte for byte, and so does the file without it.
"""

import re
from collections.abc import Sequence

BEGIN = "# >>> DagTeam"
END = "# <<< DagTeam"
# The last line of the file had no end, which it gets back with the block's removal.
UNENDED = " (the line above had no end)"
BLOCK = re.compile(
    rf"^[ \t]*{re.escape(BEGIN)}(?P<unended>{re.escape(UNENDED)})?\n.*?^[ \t]*{re.escape(END)}\n",
    re.MULTILINE | re.DOTALL,
)


def put(text: str, lines: Sequence[str], at: int | None = None) -> str:
    """A file's text with these lines in the kit's block.

    In place of its old lines, or before line `at` (counted from 0), by default at the end.
    """
    if found := BLOCK.search(text):
        return text[: found.start()] + _block(lines, found["unended"] or "") + text[found.end() :]
    rows = text.splitlines(keepends=True)
    number = len(rows) if at is None else at
    before, after = "".join(rows[:number]), "".join(rows[number:])
    unended = UNENDED if before and not before.endswith("\n") else ""
    return before + ("\n" if unended else "") + _block(lines, unended) + after


def take_out(text: str) -> str:
    """A file's text without the kit's block."""
    found = BLOCK.search(text)
    if not found:
        return text
    before, after = text[: found.start()], text[found.end() :]
    return (before[:-1] if found["unended"] and not after else before) + after


def block_in(text: str) -> str | None:
    """The kit's block in a file's text; None if there is none."""
    found = BLOCK.search(text)
    return found[0] if found else None


def _block(lines: Sequence[str], unended: str) -> str:
    return "".join(f"{line}\n" for line in (BEGIN + unended, *lines, END))

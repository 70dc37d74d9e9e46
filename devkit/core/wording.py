"""Parts of messages: "did you mean", plurals, shortened lists."""

import difflib
from collections.abc import Iterable, Sequence


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` with the known name closest to `name`; empty if none is close."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def counted(number: int, thing: str) -> str:
    """`1 asset`, `2 assets`."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def few(items: Sequence[str], most: int) -> list[str]:
    """The first `most` items, and `and N more` if there are more."""
    rest = len(items) - most
    return [*items[:most], f"and {rest} more"] if rest > 0 else list(items)

"""Small pieces of messages: "did you mean", plurals, and lists that are cut short."""

import difflib
from collections.abc import Iterable, Sequence


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known name that is nearest to `name`; empty if none is."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def counted(number: int, thing: str) -> str:
    """`1 asset`, `2 assets`."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def few(items: Sequence[str], most: int) -> list[str]:
    """The first `most` items; if there are more, another item says how many."""
    rest = len(items) - most
    return [*items[:most], f"and {rest} more"] if rest > 0 else list(items)

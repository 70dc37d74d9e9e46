"""The only module that prints.

Work that ends prints a line for each unit as it is done and a block for each that has
something to say; on a terminal a line below tells what is still under way.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

LOG_COLUMNS = 200  # where nobody sees a terminal, lines are for grep
STYLES = {"ok": "green", "FAILED": "bold red"}
PREFIXES = ("cyan", "magenta", "blue", "yellow", "green")


@cache
def console() -> "Console":
    """Where everything goes: made at first use, since most commands have little to say."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else LOG_COLUMNS
    return Console(highlight=False, soft_wrap=True, width=width)


def say(text: str = "") -> None:
    """Print text as it is."""
    console().print(text, markup=False)


def complain(text: str) -> None:
    """Print text as it is where errors go."""
    print(text, file=sys.stderr)


def result(ok: bool, name: str, text: str, seconds: float, width: int) -> None:
    """Print the line of one unit that is done."""
    from rich.markup import escape

    word = "ok" if ok else "FAILED"
    line = f"[{STYLES[word]}]{word:<6}[/]  {escape(name):<{width}}  {escape(text)}"
    console().print(f"{line.rstrip()}  [dim]{seconds:.1f} s[/]")


def line(name: str, text: str, width: int) -> None:
    """Print a line of something that goes on, under its name; colours on a terminal only."""
    from rich.text import Text

    style = PREFIXES[sum(name.encode()) % len(PREFIXES)]
    said = Text.from_ansi(text) if console().is_terminal else Text(Text.from_ansi(text).plain)
    console().print(Text.assemble((f"{name:<{width}} | ", style), said))


def block(title: str, text: str) -> None:
    """Print one unit's own words under its name."""
    console().print(f"\n[bold]── {title} ──[/]")
    say(text.rstrip() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, as wide as the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        made.add_row(*row)
    console().print(made, soft_wrap=False)


@contextmanager
def under_way(doing: str) -> Iterator["Progress"]:
    """Tell, on a terminal only, what is still under way."""
    if not console().is_terminal:
        yield Progress(doing)
        return
    with console().status(doing) as status:
        yield Progress(doing, status.update)


class Progress:
    """The units that are not done yet, told to whoever shows them."""

    def __init__(self, doing: str, show: Callable[..., None] | None = None) -> None:
        self._doing = doing
        self._show = show
        self._names: list[str] = []

    def start(self, name: str) -> None:
        """A unit begins."""
        self._names.append(name)
        self._refresh()

    def end(self, name: str) -> None:
        """A unit is done."""
        self._names.remove(name)
        self._refresh()

    def _refresh(self) -> None:
        if self._show:
            self._show(f"{self._doing}: {', '.join(self._names)}")

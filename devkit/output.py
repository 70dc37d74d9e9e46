"""The only module that prints.

Work that ends prints a line for each unit as it is done and a block for each that has
something to say; on a terminal a line below tells what is still under way.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table as RichTable

_diverted = False

LOG_COLUMNS = 200  # where nobody sees a terminal, lines are for grep
STYLES = {"ok": "green", "FAILED": "bold red"}
PREFIXES = ("cyan", "magenta", "blue", "yellow", "green")


@cache
def console() -> "Console":
    """Where everything goes: made at first use, since most commands have little to say."""
    from rich.console import Console

    file = sys.stderr if _diverted else sys.stdout
    width = None if file.isatty() else LOG_COLUMNS
    return Console(file=file, highlight=False, soft_wrap=True, width=width)


def divert() -> None:
    """From now on what is told goes where errors go: the output is for a program."""
    global _diverted
    _diverted = True
    console.cache_clear()


def answer(text: str) -> None:
    """Print what a program asked for, wherever the rest goes."""
    print(text)


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
    line = f"[{STYLES[word]}]{word:<6}[/]  {escape(f'{name:<{width}}')}  {escape(text)}"
    console().print(f"{line.rstrip()}  [dim]{seconds:.1f} s[/]")


def line(name: str, text: str, width: int) -> None:
    """Print a line of something that goes on, under its name; colours on a terminal only."""
    from rich.text import Text

    style = PREFIXES[sum(name.encode()) % len(PREFIXES)]
    said = Text.from_ansi(text) if console().is_terminal else Text(Text.from_ansi(text).plain)
    console().print(Text.assemble((f"{name:<{width}} | ", style), said))


def block(title: str, text: str) -> None:
    """Print one unit's own words under its name."""
    from rich.markup import escape

    console().print(f"\n[bold]── {escape(title)} ──[/]")
    say(text.rstrip() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, as wide as the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        made.add_row(*row)
    console().print(made, soft_wrap=False)


class Board:
    """On a terminal, a table below the lines: each location's state, until all are up."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[str, float]] = {}
        self._live: Live | None = None

    def open(self) -> None:
        """Show the table; nothing where there is no terminal."""
        if console().is_terminal:
            from rich import live

            self._live = live.Live(
                console=console(), get_renderable=self._table, refresh_per_second=8, transient=True
            )
            self._live.start()

    @property
    def shown(self) -> bool:
        """Whether there is a table to look at, so that a line would be one too many."""
        return self._live is not None

    def set(self, name: str, state: str) -> None:
        """A location has a new state."""
        self._states[name] = (state, time.monotonic())

    def close(self) -> None:
        """Take the table away."""
        if self._live:
            self._live.stop()
            self._live = None

    def _table(self) -> "RichTable":
        from rich.table import Table

        made = Table.grid(padding=(0, 2))
        rows = console().height - 2
        # Of more than the terminal can show, those that are still to come.
        pending = sorted(self._states.items(), key=lambda item: item[1][0] == "loaded")
        for name, (state, since) in pending[:rows]:
            seconds = "" if state in ("loaded", "waiting") else f"{time.monotonic() - since:.0f} s"
            made.add_row(name, state, seconds)
        return made


@contextmanager
def under_way(progress: "Progress") -> Iterator[None]:
    """Tell, on a terminal only, what is still under way."""
    if not console().is_terminal:
        yield
        return
    with console().status("") as status:
        progress.show_with(status.update)
        yield


class Progress:
    """The units that are not done yet, told to whoever shows them."""

    def __init__(self, doing: str, show: Callable[..., None] | None = None) -> None:
        self._doing = doing
        self._show = show
        self._names: list[str] = []

    def show_with(self, show: Callable[..., None]) -> None:
        """From now on this is told."""
        self._show = show
        self._refresh()

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

"""Prints everything that the kit prints, with secrets masked.

Work that ends prints a line for each job as it finishes, then a block for each job that has
details. On a terminal, a line below them shows which jobs are still running.
"""

import io
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from devkit.core.masking import mask, mask_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table as RichTable

_to_stderr = False
_verbose = False

LOG_COLUMNS = 200  # without a terminal, long lines stay whole, for grep
STYLES = {"ok": "green", "FAILED": "bold red"}
PREFIXES = ("cyan", "magenta", "blue", "yellow", "green")


def show_everything() -> None:
    """Print what the terminal's encoding lacks as an escape, instead of failing.

    That can be any character, or a byte in the name of a file that is not UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@cache
def console() -> "Console":
    """The console for messages; created at first use, since importing rich takes a while."""
    from rich.console import Console

    file = sys.stderr if _to_stderr else sys.stdout
    width = None if file.isatty() else LOG_COLUMNS
    return Console(file=file, highlight=False, soft_wrap=True, width=width)


def use_stderr() -> None:
    """Print messages to standard error from now on: a program reads standard output."""
    global _to_stderr
    _to_stderr = True
    console.cache_clear()


def set_verbose(verbose: bool) -> None:
    """Set whether each program is printed before it runs."""
    global _verbose
    _verbose = verbose


def program(argv: Sequence[str]) -> None:
    """Print the command of a program that is about to run, with `--verbose`."""
    if _verbose:
        print(mask(f"$ {shlex.join(argv)}"), file=sys.stderr)


def emit(text: str) -> None:
    """Print a command's result to standard output, wherever messages go."""
    print(mask(text))


def emit_json(text: str) -> None:
    """Print a command's result for programs to standard output."""
    print(mask_json(text))


def info(text: str = "") -> None:
    """Print a message, without interpreting markup."""
    console().print(mask(text), markup=False)


def warn(text: str) -> None:
    """Print a message to standard error."""
    print(mask(text), file=sys.stderr)


def result(ok: bool, name: str, text: str, seconds: float, width: int) -> None:
    """Print the line of a finished job; names are padded to `width` characters."""
    from rich.markup import escape

    word = "ok" if ok else "FAILED"
    line = f"[{STYLES[word]}]{word:<6}[/]  {escape(f'{name:<{width}}')}  {escape(mask(text))}"
    console().print(f"{line.rstrip()}  [dim]{seconds:.1f} s[/]")


def line(name: str, text: str, width: int) -> None:
    """Print a line of a running program after its name, in color on a terminal only."""
    from rich.text import Text

    style = PREFIXES[sum(name.encode()) % len(PREFIXES)]
    styled = Text.from_ansi(mask(text))
    shown = styled if console().is_terminal else Text(styled.plain)
    console().print(Text.assemble((f"{name:<{width}} | ", style), shown))


def block(title: str, text: str) -> None:
    """Print a job's own output under its name."""
    from rich.markup import escape

    rule = "──" if _has_unicode() else "--"
    console().print(f"\n[bold]{rule} {escape(title)} {rule}[/]")
    info(text.rstrip() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, at most as wide as the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    grid = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        grid.add_row(*map(mask, row))
    console().print(grid, soft_wrap=False)


class StatusTable:
    """A table of each location's state, below the lines on a terminal, until all are loaded."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[str, float]] = {}
        self._live: Live | None = None

    def open(self) -> None:
        """Show the table, if there is a terminal."""
        if console().is_terminal:
            from rich import live

            self._live = live.Live(
                console=console(), get_renderable=self._table, refresh_per_second=8, transient=True
            )
            self._live.start()

    @property
    def shown(self) -> bool:
        """Whether the table is visible: a line with the same content is not needed then."""
        return self._live is not None

    def set(self, name: str, state: str) -> None:
        """Set the state of a location."""
        self._states[name] = (state, time.monotonic())

    def close(self) -> None:
        """Remove the table."""
        if self._live:
            self._live.stop()
            self._live = None

    def _table(self) -> "RichTable":
        from rich.table import Table

        grid = Table.grid(padding=(0, 2))
        rows = console().height - 2
        # Those that are not loaded come first: the terminal may be too small for all.
        pending = sorted(self._states.items(), key=lambda item: item[1][0] == "loaded")
        for name, (state, since) in pending[:rows]:
            seconds = "" if state in ("loaded", "waiting") else f"{time.monotonic() - since:.0f} s"
            grid.add_row(name, state, seconds)
        return grid


@contextmanager
def spinner(progress: "Progress") -> Iterator[None]:
    """On a terminal, show the jobs that are still running."""
    if not console().is_terminal:
        yield
        return
    with console().status("", spinner="dots" if _has_unicode() else "line") as status:
        progress.show_with(status.update)
        yield


def _has_unicode() -> bool:
    """Whether the terminal's encoding has lines and the like."""
    return console().encoding.startswith("utf")


class Progress:
    """The jobs that are still running; calls `show` with a text of them at every change."""

    def __init__(self, doing: str, show: Callable[..., None] | None = None) -> None:
        self._doing = doing
        self._show = show
        self._names: list[str] = []

    def show_with(self, show: Callable[..., None]) -> None:
        """Call this function from now on."""
        self._show = show
        self._refresh()

    def start(self, name: str) -> None:
        """Add a job."""
        self._names.append(name)
        self._refresh()

    def end(self, name: str) -> None:
        """Remove a finished job."""
        self._names.remove(name)
        self._refresh()

    def _refresh(self) -> None:
        if self._show:
            self._show(f"{self._doing}: {', '.join(self._names)}")

"""The only module that prints.

Work that ends prints a line for each job as it finishes and a block for each that has more to
report; on a terminal a line below shows what is still running.
"""

import shlex
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

_to_stderr = False
_verbose = False

LOG_COLUMNS = 200  # without a terminal, lines are for grep
STYLES = {"ok": "green", "FAILED": "bold red"}
PREFIXES = ("cyan", "magenta", "blue", "yellow", "green")


@cache
def console() -> "Console":
    """Where messages go; made at first use, since most commands print little."""
    from rich.console import Console

    file = sys.stderr if _to_stderr else sys.stdout
    width = None if file.isatty() else LOG_COLUMNS
    return Console(file=file, highlight=False, soft_wrap=True, width=width)


def use_stderr() -> None:
    """From now on print messages to standard error: standard output is for a program."""
    global _to_stderr
    _to_stderr = True
    console.cache_clear()


def set_verbose(verbose: bool) -> None:
    """Whether each program is shown before it is run."""
    global _verbose
    _verbose = verbose


def program(argv: Sequence[str]) -> None:
    """Print a program that is about to be run, if the user asked for it (`--verbose`)."""
    if _verbose:
        print(f"$ {shlex.join(argv)}", file=sys.stderr)


def emit(text: str) -> None:
    """Print what was asked for to standard output, wherever messages go."""
    print(text)


def info(text: str = "") -> None:
    """Print text as it is."""
    console().print(text, markup=False)


def warn(text: str) -> None:
    """Print text as it is to standard error."""
    print(text, file=sys.stderr)


def result(ok: bool, name: str, text: str, seconds: float, width: int) -> None:
    """Print the line of a job that has finished."""
    from rich.markup import escape

    word = "ok" if ok else "FAILED"
    line = f"[{STYLES[word]}]{word:<6}[/]  {escape(f'{name:<{width}}')}  {escape(text)}"
    console().print(f"{line.rstrip()}  [dim]{seconds:.1f} s[/]")


def line(name: str, text: str, width: int) -> None:
    """Print a line of a running program after its name; colors on a terminal only."""
    from rich.text import Text

    style = PREFIXES[sum(name.encode()) % len(PREFIXES)]
    styled = Text.from_ansi(text)
    shown = styled if console().is_terminal else Text(styled.plain)
    console().print(Text.assemble((f"{name:<{width}} | ", style), shown))


def block(title: str, text: str) -> None:
    """Print a job's own output under its name."""
    from rich.markup import escape

    console().print(f"\n[bold]── {escape(title)} ──[/]")
    info(text.rstrip() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, as wide as the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        made.add_row(*row)
    console().print(made, soft_wrap=False)


class StatusTable:
    """On a terminal, a table below the lines: each location's state, until all are up."""

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
        """Whether the table is visible, so that a line would repeat it."""
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
def spinner(progress: "Progress") -> Iterator[None]:
    """Show, on a terminal only, what is still running."""
    if not console().is_terminal:
        yield
        return
    with console().status("") as status:
        progress.show_with(status.update)
        yield


class Progress:
    """The jobs that are still running, passed on to whatever shows them."""

    def __init__(self, doing: str, show: Callable[..., None] | None = None) -> None:
        self._doing = doing
        self._show = show
        self._names: list[str] = []

    def show_with(self, show: Callable[..., None]) -> None:
        """Show them with this function from now on."""
        self._show = show
        self._refresh()

    def start(self, name: str) -> None:
        """A job starts."""
        self._names.append(name)
        self._refresh()

    def end(self, name: str) -> None:
        """A job has finished."""
        self._names.remove(name)
        self._refresh()

    def _refresh(self) -> None:
        if self._show:
            self._show(f"{self._doing}: {', '.join(self._names)}")

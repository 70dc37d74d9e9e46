"""Records what a program shows in a terminal, in its colors, as an SVG."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

COLUMNS, ROWS = 100, 40
LONGEST_SECONDS = 300.0
CTRL_C = b"\x03"

# What the programs here send besides text and colors (ECMA-48): cursor up, erase the line, and
# what a picture has no use for, such as a cursor that is hidden.
SEQUENCE = re.compile(r"\x1b\[(?P<count>\d*)(?P<final>[A-Z])|\x1b\[\?\d+[hl]|\r|\n")

# rich's own page for this loads a font from the network.
PAGE = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font: {char_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


class Screen:
    """The rows of a terminal, each as it was last written; only whole rows are written again."""

    def __init__(self) -> None:
        self.rows = [""]
        self._at = 0
        self._returned = False

    def take(self, output: str) -> None:
        """Take in what a program printed."""
        end = 0
        for found in SEQUENCE.finditer(output):
            self._write(output[end : found.start()])
            end = found.end()
            if found[0] == "\r":
                self._returned = True
            elif found[0] == "\n":
                self._at, self._returned = self._at + 1, False
                if self._at == len(self.rows):
                    self.rows.append("")
            elif found["final"] == "A":
                self._at = max(0, self._at - int(found["count"] or 1))
            elif found["final"] == "K":
                self.rows[self._at] = ""
        self._write(output[end:])

    def _write(self, text: str) -> None:
        if text and self._returned:
            self.rows[self._at] = ""
            self._returned = False
        self.rows[self._at] += text


def record(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    *,
    interrupt: Callable[[str], bool] = lambda _: False,
) -> Screen:
    """Run a program in a terminal to its end; Ctrl-C when `interrupt` says so of its output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    screen = Screen()
    screen.take(f"\x1b[32m$\x1b[0m {' '.join(argv)}\r\n")
    deadline = time.monotonic() + LONGEST_SECONDS
    with subprocess.Popen(
        argv, cwd=cwd, env={**env, "TERM": "xterm-256color"}, stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True, preexec_fn=_take_terminal,
    ) as process:  # fmt: skip
        os.close(theirs)
        said, sent = "", False
        try:
            while chunk := _read(ours, deadline):
                text = chunk.decode(errors="replace")
                said += text
                screen.take(text)
                if not sent and interrupt(said):
                    os.write(ours, CTRL_C)
                    sent = True
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            os.close(ours)
    return screen


def as_svg(screen: Screen, title: str) -> str:
    """The picture of what is on the screen in the end."""
    console = Console(
        file=StringIO(), record=True, width=COLUMNS, force_terminal=True, legacy_windows=False
    )
    console.print(Text.from_ansi("\n".join(screen.rows).rstrip()), overflow="fold")
    name = re.sub(r"\W", "-", title)
    return console.export_svg(title=title, theme=SVG_EXPORT_THEME, code_format=PAGE, unique_id=name)


def _read(terminal: int, deadline: float) -> bytes:
    """What is printed next; nothing when the program has ended, or at the deadline."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
    try:
        return os.read(terminal, 1 << 16) if ready else b""
    except OSError:  # on Linux: the terminal's other end is closed
        return b""


def _take_terminal() -> None:
    """In the child: the terminal on its input is the one that sends it Ctrl-C."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)

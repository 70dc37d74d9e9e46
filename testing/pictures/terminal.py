"""Records what a program shows in a terminal, with colors, as an SVG."""

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

# The control sequences (ECMA-48) of these programs besides colors: cursor up, erase the line, and
# some that do not matter in a picture, such as hiding the cursor.
SEQUENCE = re.compile(r"\x1b\[(?P<count>\d*)(?P<final>[A-Z])|\x1b\[\?\d+[hl]|\r|\n")

# rich's own template loads a font from the network.
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
    """The rows of a terminal; a program may overwrite whole rows only."""

    def __init__(self) -> None:
        self.rows = [""]
        self._at = 0
        self._returned = False

    def take(self, output: str) -> None:
        """Apply what a program printed."""
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
    """Run a program in a terminal; press Ctrl-C once `interrupt` is true for its output."""
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
        output, sent = "", False
        try:
            while chunk := _read(ours, deadline):
                text = chunk.decode(errors="replace")
                output += text
                screen.take(text)
                if not sent and interrupt(output):
                    os.write(ours, CTRL_C)
                    sent = True
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            os.close(ours)
    return screen


def as_svg(screen: Screen, title: str) -> str:
    """A picture of the screen."""
    console = Console(
        file=StringIO(), record=True, width=COLUMNS, force_terminal=True, legacy_windows=False
    )
    console.print(Text.from_ansi("\n".join(screen.rows).rstrip()), overflow="fold")
    name = re.sub(r"\W", "-", title)
    return console.export_svg(title=title, theme=SVG_EXPORT_THEME, code_format=PAGE, unique_id=name)


def _read(terminal: int, deadline: float) -> bytes:
    """The next output; empty if the program has ended, or at the deadline."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
    try:
        return os.read(terminal, 1 << 16) if ready else b""
    except OSError:  # on Linux: the other end of the terminal is closed
        return b""


def _take_terminal() -> None:
    """In the child: make the terminal on its input the controlling one, which sends Ctrl-C."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)

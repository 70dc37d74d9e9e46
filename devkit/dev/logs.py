"""The log file of one service, over all its starts."""

import logging
import sys
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

LARGEST_BYTES = 10 << 20


class Log(RotatingFileHandler):
    """A file of lines that stays open; a second one, `NAME.log.1`, has what came before.

    A new session begins a new file, and so does a line after `LARGEST_BYTES`; a new start of the
    service does not, so that the reason of a crash is still there.
    """

    def __init__(self, path: Path, on_failure: Callable[[str], None]) -> None:
        """`on_failure` receives the first reason why a line can't be written (a full disk)."""
        super().__init__(
            path, maxBytes=LARGEST_BYTES, backupCount=1, encoding="utf-8", delay=True,
            errors="backslashreplace",
        )  # fmt: skip
        self.path = path
        self._on_failure = on_failure
        self._failed = False
        try:
            if path.exists() and path.stat().st_size:
                self.doRollover()
        except OSError as error:
            self._report(error)

    def write(self, line: str) -> None:
        """Add a line."""
        self.handle(logging.makeLogRecord({"msg": line}))

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Report the first failure; later ones would be the same."""
        self._report(sys.exception())

    def _report(self, error: BaseException | None) -> None:
        if not self._failed:
            self._failed = True
            self._on_failure(f"{self.path} can't be written: {error}")

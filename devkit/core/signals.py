"""Signals that arrive at a bad moment wait until it is over."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

DEFERRED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Deferred:
    """A context in which the handlers of Ctrl-C, TERM and hang-up are not called until `resume`.

    For what must not be left half-made: a handler that raises while a program is being started
    would lose the program. A program that is started here gets the usual handlers.
    """

    def __init__(self) -> None:
        self._pending: list[int] = []
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # no other one gets signals
            for sign in DEFERRED:
                if callable(signal.getsignal(sign)):
                    self._handlers[sign] = signal.signal(sign, self._defer)
        return self

    def resume(self) -> None:
        """Call the handlers again, now for those that have arrived: they may raise."""
        while self._handlers:
            sign, handler = self._handlers.popitem()
            signal.signal(sign, handler)
        while self._pending:
            signal.raise_signal(self._pending.pop(0))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.resume()

    def _defer(self, sign: int, _frame: FrameType | None) -> None:
        self._pending.append(sign)

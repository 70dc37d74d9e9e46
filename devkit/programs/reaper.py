"""Ends the process groups that a killed supervisor leaves behind. Standard library only.

Reads lines from standard input: `+GROUP` for a process group to watch, `-GROUP` for one
that has ended. When the input ends, its writer has ended: every group that is still watched gets
TERM, a grace period, then KILL.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 3.0


def main() -> None:
    """Watch until the input ends, then end what is left."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)  # it ends with its input, not before
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, sign)
        deadline = time.monotonic() + GRACE_SECONDS
        while sign == signal.SIGTERM and any(map(_exists, groups)) and time.monotonic() < deadline:
            time.sleep(0.05)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()

"""Ends the process groups that a killed supervisor leaves behind. Standard library only.

Reads lines from standard input: `+GROUP` for a process group to watch, `-GROUP` for one that has
ended. The end of the input means that its writer has ended: every group that is still watched
gets TERM, a grace period, then KILL.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 3.0


def main() -> None:
    """Watch until the input ends, then end the groups that are left."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)  # only the end of the input ends it
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

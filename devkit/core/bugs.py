"""Reports of the kit's own bugs: a log with versions and the traceback."""

import platform
import sys
import time

from devkit import __version__
from devkit.core.masking import mask
from devkit.core.paths import ROOT, STATE


def report(traceback: str) -> str:
    """Write a log of an unexpected error; the message that says where it is.

    Where no log can be written, the traceback is in the message.
    """
    text = mask(traceback)
    report = (
        f"DagTeam {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"command: {' '.join(sys.argv[1:])}\n\n{text}"
    )
    last = text.strip().splitlines()[-1]
    log = STATE / "logs" / f"bug-{time.strftime('%Y%m%d-%H%M%S')}.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(report, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return f"unexpected error, a bug of DagTeam: {last}\n\n{report}"
    return (
        f"unexpected error, a bug of DagTeam: {last}\n"
        f"  {'log:':<10}{log.relative_to(ROOT)}\n"
        f'  {"fix:":<10}report it with the log: CONTRIBUTING.md, "Reporting a bug"'
    )

"""A team's code server under a debugger, to which an editor attaches."""

import sysconfig
from collections.abc import Sequence
from pathlib import Path

HOST = "127.0.0.1"  # whoever can connect can run code
PORT = 5678
DEBUGPY = Path(sysconfig.get_path("platlib")) / "debugpy"


def listening(argv: Sequence[str]) -> tuple[str, ...]:
    """The same command of a Python, with debugpy listening in it and in what it starts.

    debugpy is the tools' and is started by its path: it needs nothing in the team's
    environment, and takes itself off the team's `sys.path`.
    """
    python, *arguments = argv
    options = ("-X", "frozen_modules=off", str(DEBUGPY), "--listen", f"{HOST}:{PORT}")
    return (python, *options, *arguments)

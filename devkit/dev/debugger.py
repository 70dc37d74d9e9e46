"""Runs a team's code server under debugpy, so that an editor can attach."""

import sysconfig
from collections.abc import Sequence
from pathlib import Path

HOST = "127.0.0.1"  # whoever can connect can run code
PORT = 5678
DEBUGPY = Path(sysconfig.get_path("platlib")) / "debugpy"


def listening(argv: Sequence[str]) -> tuple[str, ...]:
    """The command of a Python program, changed so that debugpy listens in it and its children.

    debugpy comes from the tools' environment and is started by its path: the team's environment
    does not need it, and it removes itself from the program's `sys.path`.
    """
    python, *arguments = argv
    options = ("-X", "frozen_modules=off", str(DEBUGPY), "--listen", f"{HOST}:{PORT}")
    return (python, *options, *arguments)

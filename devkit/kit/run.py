"""Runs a command of the kit that is in a repository: another one, or the one that has just come."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from devkit.core import processes
from devkit.core.environ import clean_environment
from devkit.core.processes import Completed

# Runs a command of the kit in a repository: its arguments, after `python3 tasks.py`.
Run = Callable[[Path, Sequence[str]], Completed]


def task(root: Path, arguments: Sequence[str]) -> Completed:
    """Run a command of the kit in a repository, with the Python that this one's tools come from."""
    python = getattr(sys, "_base_executable", sys.executable)
    return processes.run([python, "tasks.py", *arguments], cwd=root, env=clean_environment())

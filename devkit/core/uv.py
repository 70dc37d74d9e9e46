"""Runs uv, from the tools' environment and in the repository's root."""

from collections.abc import Sequence
from pathlib import Path

from devkit.core import processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError, hint_for
from devkit.core.paths import ROOT, TOOLS
from devkit.core.processes import Completed

PROGRAM = TOOLS / "bin" / "uv"


def ask(*arguments: str | Path, stdin: str = "", pass_fds: Sequence[int] = ()) -> Completed:
    """Run uv; an exit code other than 0 is a result. `pass_fds` as in `processes.run`."""
    return processes.run(
        [PROGRAM, *arguments], cwd=ROOT, env=clean_environment(), stdin=stdin, pass_fds=pass_fds
    )


def run(
    *arguments: str | Path, failure: str, stdin: str = "", pass_fds: Sequence[int] = ()
) -> Completed:
    """Run uv and require that it succeeds; `failure` says what can't be done if it doesn't.

    Raises:
        DevkitError: with `failure`, and the cause in one sentence if it is known, else uv's words.
    """
    done = ask(*arguments, stdin=stdin, pass_fds=pass_fds)
    if done.code:
        raise DevkitError(f"{failure}\n{reason(done)}")
    return done


def reason(done: Completed) -> str:
    """Why uv failed: one sentence if the cause is known, else its own words."""
    return hint_for(done.combined) or done.combined

"""Runs the uv of the tools' environment, in the repository's root."""

from collections.abc import Sequence
from pathlib import Path

from devkit.core import processes, uv_config
from devkit.core.errors import DevkitError, explained
from devkit.core.paths import ROOT, TOOLS
from devkit.core.processes import Completed

PROGRAM = TOOLS / "bin" / "uv"


def ask(
    *arguments: str | Path,
    project: Path | None = None,
    stdin: str = "",
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run uv; an exit code other than 0 is a result, not an exception.

    uv takes its settings from the `[tool.uv]` of `project`, a folder, and those of the user's that
    `uv_config` lets through. `pass_fds` are as in `processes.run`.
    """
    options, env = uv_config.prepared(project)
    return processes.run(
        [PROGRAM, *options, *arguments],
        cwd=ROOT,
        env=env,
        stdin=stdin,
        pass_fds=pass_fds,
    )


def run(
    *arguments: str | Path,
    failure: str,
    project: Path | None = None,
    stdin: str = "",
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run uv and require that it succeeds; `failure` is the first line of the error.

    Raises:
        DevkitError: if it fails: the cause in one line if it is known, otherwise uv's output.
    """
    done = ask(*arguments, project=project, stdin=stdin, pass_fds=pass_fds)
    if done.code:
        raise DevkitError(f"{failure}\n{reason(done)}")
    return done


def reason(done: Completed) -> str:
    """Why uv failed: a hint and the cause that uv gave if the kind is known, else its output."""
    return explained(done.combined) or done.combined

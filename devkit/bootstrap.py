"""Enters the tools' environment, and builds it first if it is missing or stale.

Standard library only, in syntax that old Pythons understand: this runs before anything is
installed, and rejects a Python that is not supported.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Dict, List

from devkit.core import pythons, stamps
from devkit.core.environ import clean_environment
from devkit.core.errors import hint_for
from devkit.core.paths import KIT, ROOT, TOOLS, TOOLS_LOCK

LEAST_FREE_BYTES = 20 * 1024 * 1024  # for pip alone

STAMP = TOOLS / ".stamp"
ASKED = {"--list", "-l", "--help", "-h"}
PROGRAMS = {"invoke", "inv", "__main__.py"}

# Set by `devkit/__main__.py`: this process is already the kit's own program.
entered = False


def enter(as_script: bool) -> None:
    """Continue inside `.venv-tools`; returns only if this process is invoke, running in there.

    `as_script`: this process runs tasks.py itself (`python3 tasks.py`), so invoke comes next.

    Builds the environment first if it is missing, incomplete or stale, or was built in another
    folder. If that fails, ends the process with a one-sentence message.
    """
    inside = Path(sys.prefix).resolve() == TOOLS.resolve()
    if not is_fresh():
        try:
            build()
        except KeyboardInterrupt:
            sys.exit(130)
        except OSError as error:
            sys.exit(hint_for(str(error)) or "Can't build .venv-tools: {}".format(error))
        inside = False  # modules that this process has imported may just have been replaced
    arguments = sys.argv[1:] or ["--list"]
    # In groups: only the kit's own program can. An import by a test, say, asks for no list.
    listing = Path(sys.argv[0]).name in PROGRAMS and bool(ASKED.intersection(arguments))
    if inside and not as_script and (entered or not listing):
        return
    python = str(TOOLS / "bin" / "python")
    program = [python, "-P", str(KIT / "__main__.py"), "--search-root", str(ROOT)]
    os.execve(python, program + arguments, clean_environment())  # noqa: S606 (no shell needed)


def wanted_stamp() -> Dict[str, str]:
    """The stamp of an environment that is up to date."""
    return {"lock": stamps.digest([TOOLS_LOCK]), "path": str(TOOLS)}


def is_fresh() -> bool:
    """Whether `.venv-tools` is complete, was built in this folder and matches its lock."""
    has_python = (TOOLS / "bin" / "python").exists()
    return has_python and stamps.changed_part(STAMP, wanted_stamp()) is None


def build() -> None:
    """Build or refresh `.venv-tools`; the stamp comes last: an interrupted build has none."""
    check_python()
    from devkit.core import filelocks  # can't be imported on Windows, which check_python rejects

    def waiting() -> None:
        print("waiting: another process builds .venv-tools ...", file=sys.stderr)

    with filelocks.hold(Path(str(TOOLS) + ".lock"), waiting) as lock:
        if is_fresh():  # another process built it while this one waited
            return
        print("Preparing .venv-tools, the tools of this repository ...", file=sys.stderr)
        wanted = wanted_stamp()
        complete = is_complete()
        with contextlib.suppress(FileNotFoundError):
            STAMP.unlink()
        uv = str(TOOLS / "bin" / "uv")
        if not complete:
            # Not sys.executable, which may be a link in the folder that is about to be cleared.
            base = getattr(sys, "_base_executable", sys.executable)
            run([base, "-m", "venv", "--clear", str(TOOLS)], lock)
            pins = TOOLS / "uv.txt"
            pins.write_text(pins_of("uv"), encoding="utf-8")
            pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
            options = ["--quiet", "--no-deps", "--require-hashes"]
            run([*pip, "install", *options, "-r", str(pins)], lock)
        python = str(TOOLS / "bin" / "python")
        run([uv, "pip", "sync", "--quiet", "--python", python, str(TOOLS_LOCK)], lock)
        stamps.write(STAMP, wanted)


def check_python() -> None:
    """End the process with a one-sentence message if this Python can't build the environment."""
    found = "{}.{}.{} ({})".format(*sys.version_info[:3], sys.executable)
    if (
        not pythons.as_tuple(pythons.OLDEST)
        <= sys.version_info[:2]
        <= pythons.as_tuple(pythons.NEWEST)
    ):
        sys.exit(
            "DagTeam needs Python {0} to {1} and this is {2}. Install one of these and run it by "
            "name, for instance `python{0} tasks.py setup`.".format(
                pythons.OLDEST, pythons.NEWEST, found
            )
        )
    if os.name == "nt":
        sys.exit("DagTeam runs on Linux and macOS: on Windows use WSL or the dev container.")
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            sys.exit("{}\nPython: {}".format(hint_for("No module named " + module), found))


def is_complete() -> bool:
    """Whether an earlier build finished in this folder and works: a sync is enough then.

    If the folder was moved, the programs in it still name the old folder's Python.
    """
    here = stamps.read(STAMP).get("path") == str(TOOLS)
    return here and all(can_run(str(TOOLS / "bin" / name)) for name in ("python", "uv"))


def can_run(program: str) -> bool:
    """Whether the program exists and starts."""
    try:
        return subprocess.call([program, "--version"], stdout=subprocess.DEVNULL) == 0
    except OSError:
        return False


def pins_of(package: str) -> str:
    """The lines of a package in the tools' lock: its pin and hashes."""
    lines = TOOLS_LOCK.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(package + "=="))
    end = start
    while lines[end].endswith("\\"):
        end += 1
    return "\n".join(lines[start : end + 1]) + "\n"


def run(argv: List[str], lock: IO[str]) -> None:
    """Run one step in the repository's root; if it fails, end the process with a message.

    The step holds the lock too: it may outlive this process, if that is killed.
    """
    done = subprocess.run(
        argv,
        cwd=str(ROOT),
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
        pass_fds=[lock.fileno()],
    )
    if done.returncode:
        output = done.stdout.decode(errors="replace").strip()
        if not hint_for(output) and shutil.disk_usage(str(TOOLS)).free < LEAST_FREE_BYTES:
            output = "No space left on device"  # venv does not pass on what ensurepip printed
        sys.exit(hint_for(output) or "Can't build .venv-tools:\n{}".format(output))

"""Enters the tools' environment, and builds it first if it is missing or stale.

Standard library only, in words that an old Python can read: this runs before anything is
installed, and reports a Python that is too old.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Dict, List

from devkit.core import stamps
from devkit.core.environ import clean_environment
from devkit.core.errors import hint_for
from devkit.core.paths import KIT, ROOT, TOOLS, TOOLS_LOCK

OLDEST = (3, 11)
LEAST_FREE_BYTES = 20 * 1024 * 1024  # for pip alone

STAMP = TOOLS / ".stamp"
LISTING = {"--list", "-l"}

# Set by `devkit/__main__.py`: this process is already the kit's own program.
entered = False


def enter(as_script: bool) -> None:
    """Continue inside `.venv-tools`; return only if this process is invoke's in there.

    `as_script`: this process runs tasks.py itself (`python3 tasks.py`), so invoke comes next.

    Builds the environment if it is missing, incomplete, belongs to another folder or has an old
    lock. Ends the process with one sentence if that fails.
    """
    inside = Path(sys.prefix).resolve() == TOOLS.resolve()
    if not is_fresh():
        try:
            build()
        except KeyboardInterrupt:
            sys.exit(130)
        except OSError as error:
            sys.exit(hint_for(str(error)) or "Can't build .venv-tools: {}".format(error))
        inside = False  # what this process has imported may just have been replaced
    arguments = sys.argv[1:] or ["--list"]
    listing = bool(LISTING.intersection(arguments))  # in groups: the kit's own program does it
    if inside and not as_script and (entered or not listing):
        return
    python = str(TOOLS / "bin" / "python")
    program = [python, "-P", str(KIT / "__main__.py"), "--search-root", str(ROOT)]
    os.execve(python, program + arguments, clean_environment())  # noqa: S606 (no shell is wanted)


def wanted_stamp() -> Dict[str, str]:
    """The stamp of an environment that is up to date."""
    return {"lock": stamps.digest([TOOLS_LOCK]), "path": str(TOOLS)}


def is_fresh() -> bool:
    """Whether `.venv-tools` is complete, belongs here and matches its lock."""
    there = (TOOLS / "bin" / "python").exists()
    return there and stamps.changed_part(STAMP, wanted_stamp()) is None


def build() -> None:
    """Build or refresh `.venv-tools`; the stamp comes last, so half is never taken for whole."""
    check_python()
    from devkit.core import filelocks  # not on Windows, which check_python has turned away

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
            # Not this very interpreter if it is a link into what is about to be cleared.
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
    """End the process with one sentence if this Python can't make the environment."""
    found = "{}.{}.{} ({})".format(*sys.version_info[:3], sys.executable)
    if sys.version_info < OLDEST:
        sys.exit(
            "DagTeam needs Python {0}.{1} or newer and this is {2}. Install a newer one and run it "
            "by name, for instance `python{0}.{1} tasks.py setup`.".format(*OLDEST, found)
        )
    if os.name == "nt":
        sys.exit("DagTeam runs on Linux and macOS: on Windows use WSL or the dev container.")
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            sys.exit("{}\nPython: {}".format(hint_for("No module named " + module), found))


def is_complete() -> bool:
    """Whether only the lock changed: the environment was finished, in this folder, and starts.

    In a folder that was moved the programs still name the old one as their Python's.
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
    """The package's lines in the tools' lock: the pin and its hashes."""
    lines = TOOLS_LOCK.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(package + "=="))
    end = start
    while lines[end].endswith("\\"):
        end += 1
    return "\n".join(lines[start : end + 1]) + "\n"


def run(argv: List[str], lock: IO[str]) -> None:
    """Run one step in the repository's root; end the process with a sentence if it fails.

    The step holds the lock as well: it may go on for a while after this process is killed.
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

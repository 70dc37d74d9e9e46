"""Enters the tools' environment, which it makes first where there is none.

Standard library only, in words that an old Python can read: this runs before anything is
installed, and has to say so itself if the Python is too old.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Dict, List

from devkit.failures import explain

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".venv-tools"
LOCK = ROOT / "local_requirements.txt"
OLDEST = (3, 11)
LEAST_FREE_BYTES = 20 * 1024 * 1024  # for pip alone

# Settings of the calling shell that would let one environment see another.
LEAKS = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


def enter(as_script: bool) -> None:
    """Go on inside `.venv-tools`; return only if this process is invoke's in there.

    `as_script`: this process runs tasks.py itself (`python3 tasks.py`), so invoke comes next.

    Builds the environment if it is not there, was interrupted half-way, belongs to another
    folder or has an old lock. Ends the process with one sentence if that can't be done.
    """
    inside = Path(sys.prefix).resolve() == TOOLS.resolve()
    if not is_fresh():
        try:
            build()
        except KeyboardInterrupt:
            sys.exit(130)
        except OSError as error:
            sys.exit(explain(str(error)) or "Can't make .venv-tools: {}".format(error))
        inside = False  # what this process has imported may just have been replaced
    if inside and not as_script:
        return
    python = str(TOOLS / "bin" / "python")
    arguments = sys.argv[1:] or ["--list"]
    os.execve(  # noqa: S606 (no shell is wanted)
        python,
        [python, "-m", "invoke", "--search-root", str(ROOT)] + arguments,  # noqa: RUF005
        clean_environment(),
    )


def clean_environment() -> Dict[str, str]:
    """The calling shell's environment without what points into some other Python."""
    return {name: value for name, value in os.environ.items() if name not in LEAKS}


def wanted_stamp() -> str:
    """What the stamp of an environment that is up to date says."""
    return "{} {}\n".format(hashlib.sha256(LOCK.read_bytes()).hexdigest(), TOOLS)


def is_fresh() -> bool:
    """Whether `.venv-tools` is whole, belongs here and matches its lock."""
    try:
        return (TOOLS / "bin" / "python").exists() and (
            (TOOLS / ".stamp").read_text() == wanted_stamp()
        )
    except FileNotFoundError:
        return False


def build() -> None:
    """Make or refresh `.venv-tools`; the stamp comes last, so half is never taken for whole."""
    check_python()
    import fcntl  # not on Windows, which check_python has turned away

    with open(str(TOOLS) + ".lock", "w") as lock:  # noqa: PTH123 (old Pythons)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_fresh():  # another process made it while this one waited
            return
        print("Preparing .venv-tools, the tools of this repository ...", file=sys.stderr)
        whole = was_whole()
        with contextlib.suppress(FileNotFoundError):
            (TOOLS / ".stamp").unlink()
        uv = str(TOOLS / "bin" / "uv")
        if not whole:
            # Not this very interpreter if it is a link into what is about to be cleared.
            base = getattr(sys, "_base_executable", sys.executable)
            run([base, "-m", "venv", "--clear", str(TOOLS)], lock)
            pins = TOOLS / "uv.txt"
            pins.write_text(pins_of("uv"))
            pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
            options = ["--quiet", "--no-deps", "--require-hashes"]
            run([*pip, "install", *options, "-r", str(pins)], lock)
        python = str(TOOLS / "bin" / "python")
        run([uv, "pip", "sync", "--quiet", "--python", python, str(LOCK)], lock)
        (TOOLS / ".stamp").write_text(wanted_stamp())


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
            sys.exit("{}\nPython: {}".format(explain("No module named " + module), found))


def was_whole() -> bool:
    """Whether only the lock changed: the environment was finished, in this folder, and starts.

    In a folder that was moved the programs still name the old one as their Python's.
    """
    try:
        here = (TOOLS / ".stamp").read_text().endswith(" {}\n".format(TOOLS))
        return here and all(can_run(str(TOOLS / "bin" / name)) for name in ("python", "uv"))
    except FileNotFoundError:
        return False


def can_run(program: str) -> bool:
    """Whether the program is there and starts."""
    try:
        return subprocess.call([program, "--version"], stdout=subprocess.DEVNULL) == 0
    except OSError:
        return False


def pins_of(package: str) -> str:
    """The package's lines in the tools' lock: the pin and its hashes."""
    lines = LOCK.read_text().splitlines()
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
        if not explain(output) and shutil.disk_usage(str(TOOLS)).free < LEAST_FREE_BYTES:
            output = "No space left on device"  # venv keeps what ensurepip said to itself
        sys.exit(explain(output) or "Can't make .venv-tools:\n{}".format(output))

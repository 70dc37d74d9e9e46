"""Enters the tools' environment, and builds it first if it is missing or stale.

Standard library only, in syntax that old Pythons understand: this runs before anything is
installed, and rejects a Python that is not supported.
"""

import ast
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Dict, List, Optional

from devkit.core import pythons, stamps
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError, explained, hint_for
from devkit.core.paths import KIT, ROOT, TOOLS, TOOLS_LOCK

LEAST_FREE_BYTES = 20 * 1024 * 1024  # for pip alone

STAMP = TOOLS / ".stamp"
PIP = [str(TOOLS / "bin" / "python"), "-P", "-m", "pip", "--disable-pip-version-check"]
# Settings of pip that say where packages come from, and how they are downloaded.
PIP_SETTINGS = {
    "index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert",
    "client-cert", "proxy", "keyring-provider", "cache-dir", "no-cache-dir", "timeout",
    "default-timeout", "retries", "use-feature", "use-deprecated",
}  # fmt: skip
PROGRAMS = {"invoke", "inv", "invoke/__main__.py"}

# Set by `devkit/__main__.py`: this process is already the kit's own program.
entered = False


def enter(as_script: bool) -> None:
    """Continue as the kit's own program, inside `.venv-tools`; returns if this process is it.

    `as_script`: this process runs tasks.py itself (`python3 tasks.py`). Returns, too, if it is
    neither that nor invoke: whoever imports tasks.py, a search for tests perhaps, goes on.

    Builds the environment first if it is missing, incomplete or stale, or was built in another
    folder. If that fails, ends the process with a one-sentence message.
    """
    if not (as_script or entered or runs_invoke()):
        return
    if entered and is_fresh():
        return
    if not is_fresh():
        signal.signal(signal.SIGTERM, lambda sign, _: sys.exit(128 + sign))
        try:
            build()
        except KeyboardInterrupt:
            sys.exit(130)
        except OSError as error:
            sys.exit(explained(str(error)) or "Can't build .venv-tools: {}".format(error))
        except DevkitError as error:
            sys.exit(str(error))
    arguments = sys.argv[1:] or ["--list"]
    python = str(TOOLS / "bin" / "python")
    program = [python, "-P", str(KIT / "__main__.py"), "--search-root", str(ROOT)]
    os.execve(python, program + arguments, clean_environment())  # noqa: S606 (no shell needed)


def runs_invoke() -> bool:
    """Whether this process is an invoke, of any installation."""
    program = Path(sys.argv[0])
    return bool(PROGRAMS.intersection([program.name, "/".join(program.parts[-2:])]))


def wanted_stamp() -> Dict[str, str]:
    """The stamp of an environment that is up to date.

    An upgrade of the operating system may put another Python in the place of the environment's,
    which does not find its packages.
    """
    python = os.path.realpath(str(TOOLS / "bin" / "python"))
    return {"lock": stamps.digest([TOOLS_LOCK]), "path": str(TOOLS), "python": python}


def is_fresh() -> bool:
    """Whether `.venv-tools` is complete, was built in this folder and matches its lock."""
    has_python = (TOOLS / "bin" / "python").exists()
    return has_python and stamps.changed_part(STAMP, wanted_stamp()) is None


def build() -> None:
    """Build or refresh `.venv-tools`; the stamp comes last: an interrupted build has none."""
    check_python()
    # Can't be imported on Windows and by old Pythons, which check_python rejects.
    from devkit.core import filelocks, uv_config

    def waiting() -> None:
        print("waiting: another process builds .venv-tools ...", file=sys.stderr)

    with filelocks.hold(Path(str(TOOLS) + ".lock"), waiting) as lock:
        if is_fresh():  # another process built it while this one waited
            return
        print("Preparing .venv-tools, the tools of this repository ...", file=sys.stderr)
        wanted = stamps.digest([TOOLS_LOCK])
        complete = is_complete()
        with contextlib.suppress(FileNotFoundError):
            STAMP.unlink()
        uv = str(TOOLS / "bin" / "uv")
        if not complete:
            # Not sys.executable, which may be a link in the folder that is about to be cleared.
            base = getattr(sys, "_base_executable", sys.executable)
            run([base, "-P", "-m", "venv", "--clear", str(TOOLS)], lock)
            pins = TOOLS / "uv.txt"
            pins.write_text(pins_of("uv"), encoding="utf-8")
            options = ["--quiet", "--no-deps", "--require-hashes"]
            run([*PIP, "install", *options, "-r", str(pins)], lock, pip_environment(lock))
        python = str(TOOLS / "bin" / "python")
        first, env = uv_config.prepared()
        sync = ["pip", "sync", "--quiet", "--python", python, str(TOOLS_LOCK)]
        run([uv, *first, *sync], lock, env)
        # With the lock that was there before: it may have been saved meanwhile.
        stamps.write(STAMP, {**wanted_stamp(), "lock": wanted})


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

    If the folder was moved, the programs in it still name the old folder's Python. With another
    Python, the packages are in a folder that it does not look at.
    """
    found, wanted = stamps.read(STAMP), wanted_stamp()
    here = found.get("path") == wanted["path"]
    here = here and found.get("python", wanted["python"]) == wanted["python"]
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


def pip_environment(lock: IO[str]) -> Dict[str, str]:
    """The variables for pip: of the user's settings, those that say where packages come from.

    Others, in variables or files, would install into another folder, for instance. pip knows its
    files; it prints a setting such as `global.index-url='https://...'` in a line.
    """
    listed = run([*PIP, "config", "list"], lock, {**clean_environment(), "PIP_QUIET": "0"})
    env = {name: text for name, text in clean_environment().items() if name[:4] != "PIP_"}
    env["PIP_CONFIG_FILE"] = os.devnull
    for section in ("global", "install", ":env:"):  # the last one counts
        for name, value in re.findall(r"^" + section + r"\.([\w-]+)=(.*)$", listed, re.MULTILINE):
            if name in PIP_SETTINGS:
                env["PIP_" + name.upper().replace("-", "_")] = ast.literal_eval(value)
    return env


def run(argv: List[str], lock: IO[str], env: Optional[Dict[str, str]] = None) -> str:
    """Run one step in the repository's root; if it fails, end the process with a message.

    Returns what it printed. The step holds the lock too: it may outlive this process, if that is
    killed.
    """
    step = subprocess.Popen(
        argv,
        cwd=str(ROOT),
        env=clean_environment() if env is None else env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        pass_fds=[lock.fileno()],
        start_new_session=True,
    )
    try:
        printed, _ = step.communicate()
    except BaseException:  # Ctrl-C or TERM: without a stamp, the next call begins again
        with contextlib.suppress(ProcessLookupError):
            os.killpg(step.pid, signal.SIGKILL)
        step.wait()
        raise
    output = printed.decode(errors="replace").strip()
    if step.returncode:
        if not hint_for(output) and shutil.disk_usage(str(TOOLS)).free < LEAST_FREE_BYTES:
            output = "No space left on device"  # venv does not pass on what ensurepip printed
        sys.exit(explained(output) or "Can't build .venv-tools:\n{}".format(output))
    return output

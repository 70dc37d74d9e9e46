"""The dev container: the time from `devcontainer up` to a terminal, and our hooks' part of it.

    .venv-tools/bin/python -m benchmarks.container

Needs the dev container CLI, a Docker engine and the image in it, and reports what is missing. Our
part is the difference to the same container without hooks. It is compared with `invoke setup` in
a checkout outside of any container. Download caches are warm on both sides, since the first round
does not count. Takes about eight minutes.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from benchmarks import report
from devkit.core.paths import ROOT

RUNS = 3
WITHOUT_HOOKS = "--skip-post-create"
IMAGES_USER = 1000  # the container's user when root calls the CLI
OWNER = ("safe.directory", "*")


@dataclass(frozen=True)
class Round:
    """Seconds, with hooks and without (`bare`), from scratch and after a stop (`again`).

    `setup` and `setup_copied` are outside of the container; the latter copies packages from the
    cache instead of linking them, as from the volume.
    """

    first: float
    first_bare: float
    again: float
    again_bare: float
    setup: float
    setup_copied: float


def main() -> None:
    if lacks := missing():
        sys.exit(f"not measured: {lacks}")
    rounds = [one_round() for _ in range(RUNS + 1)][1:]
    median = Round(*(statistics.median(each) for each in zip(*map(astuple, rounds), strict=True)))

    ours, ours_again = median.first - median.first_bare, median.again - median.again_bare
    rows = [
        ("`devcontainer up`", *_seconds(median.first, median.first_bare, ours)),
        ("again, after a stop", *_seconds(median.again, median.again_bare, ours_again)),
        ("`invoke setup` outside, with `.venv-tools`", "", "", f"{median.setup:.1f} s"),
        (
            "the same, copying from the cache as in the container",
            "",
            "",
            f"{median.setup_copied:.1f} s",
        ),
    ]
    columns = ("", "to a ready terminal", "the container alone", "our hooks")
    body = (
        f"{_output_of('docker', '--version')}, "
        f"dev container CLI {_output_of('devcontainer', '--version')}. "
        f"Nothing built yet, with the image and warm download caches; median of {RUNS}. "
        f"The hooks take {ours / median.setup:.2f} times as long as `invoke setup` outside, "
        f"{ours / median.setup_copied:.2f} times if that copies, too.\n\n"
        + report.table(columns, rows)
    )
    report.section("Dev container", "python -m benchmarks.container", body)


def missing() -> str | None:
    """The first thing that is missing for the measurement, if any."""
    for program in ("devcontainer", "docker"):
        if not shutil.which(program):
            return f"`{program}` not found on the PATH"
    if _fails("docker", "info"):
        return "no Docker engine responds"
    text = (ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8")
    (image,) = re.findall(r'"image": "(.*)"', text)
    return f"`docker pull {image}` first" if _fails("docker", "image", "inspect", image) else None


def one_round() -> Round:
    """One measurement of each."""
    with container() as folder:
        first_bare = terminal(folder, WITHOUT_HOOKS)
    with container() as folder:
        first = terminal(folder)
        stop(folder)
        again = terminal(folder)
        stop(folder)
        again_bare = terminal(folder, WITHOUT_HOOKS)
    return Round(first, first_bare, again, again_bare, setup(), setup(UV_LINK_MODE="copy"))


def setup(**variables: str) -> float:
    """`invoke setup` from scratch, outside of any container."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = report.checkout(Path(scratch) / "dagteam")
        return run([sys.executable, "tasks.py", "setup"], copy, **variables)


@contextmanager
def container() -> Iterator[Path]:
    """A checkout that its container's user can write to; removes the container at the end."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        copy = report.checkout(Path(scratch) / "dagteam")
        if os.geteuid() == 0:
            run(["chown", "-R", f"{IMAGES_USER}:{IMAGES_USER}", copy], copy)
        try:
            yield copy
        finally:
            for name in containers(copy):
                run(["docker", "rm", "--force", "--volumes", name], copy)


def terminal(folder: Path, *options: str) -> float:
    """Start the container and run a command in it."""
    where = ("--workspace-folder", str(folder))
    return run(["devcontainer", "up", *where, *options], folder) + run(
        ["devcontainer", "exec", *where, "true"], folder
    )


def stop(folder: Path) -> None:
    for name in containers(folder):
        run(["docker", "stop", name], folder)


def containers(folder: Path) -> list[str]:
    """The containers of a checkout."""
    label = f"label=devcontainer.local_folder={folder}"
    return _output_of("docker", "ps", "--all", "--quiet", "--filter", label).split()


def run(argv: Sequence[str | Path], cwd: Path, **variables: str) -> float:
    """Run a command that must succeed; returns the seconds that it took."""
    # Lets root read a checkout that the container's user owns.
    owner = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": OWNER[0], "GIT_CONFIG_VALUE_0": OWNER[1]}
    started = time.perf_counter()
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=report.environment() | owner | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{json.dumps(list(map(str, argv)))} failed:\n{done.stdout}{done.stderr}")
    return seconds


def _output_of(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def _fails(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode != 0


def _seconds(*values: float) -> list[str]:
    return [f"{value:.1f} s" for value in values]


if __name__ == "__main__":
    main()

"""The development loop: `invoke dev`, compared with `dagster dev` and `dg dev`.

    .venv-tools/bin/python -m benchmarks.dev [this] [2] [12] [50]

Runs on this repository and on generated ones of 2, 12 and 50 teams, or on those that are named
(the reloads need 2). Each team has its own environment. Every side starts with an existing
DAGSTER_HOME and compiled bytecode. Takes about half an hour.
"""

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import report, workspaces
from devkit.dev import webserver
from testing.platform import free_port, processes_of

RUNS = 3
LONGEST_SECONDS = 240.0
POLL_SECONDS = 0.05
LATER_POLL_SECONDS = 0.2

ENTRIES = """
{ workspaceOrError { ... on Workspace { locationEntries {
    locationOrLoadError { __typename } } } } }
"""
ASSETS = "{ assetNodes { assetKey { path } } }"


@dataclass(frozen=True)
class Start:
    """One start of a platform: seconds until the UI responded and until everything was loaded.

    `pss` is the memory of all its processes in MiB, with shared memory counted once.
    """

    ui: float
    loaded: float
    processes: int
    pss: float


@dataclass(frozen=True)
class Side:
    """A way to run the platform: its command for a checkout and a port, and its runs by size."""

    name: str
    command: Callable[[Path, int], Sequence[str | Path]]
    runs: dict[str, int]


def main(sizes: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="dagteam-bench-") as scratch:
        folder = Path(scratch)
        dg = workspaces.install_dg(folder)
        sides = [
            Side("invoke dev", ours, {"this": RUNS, "2": RUNS, "12": RUNS, "50": RUNS}),
            Side("dagster dev", theirs, {"this": RUNS, "2": RUNS, "12": RUNS}),
            Side("dg dev", lambda _, port: (dg, "dev", "--port", str(port)), {"2": RUNS, "12": 1}),
            Side("invoke dev --team", one_team, {"12": RUNS}),
        ]
        checkouts = {}
        for size in sizes:
            if size == "this":
                checkouts[size] = report.checkout(folder / size)
                workspaces.prepare(checkouts[size])
            else:
                checkouts[size] = workspaces.generate(folder / size, int(size))
        measured = {
            (size, side.name): started
            for size, root in checkouts.items()
            for side, started in alternately(sides, size, root)
        }
        reloads = [save_to_visible(checkouts["2"]) for _ in range(RUNS)]
        imports = [import_time(checkouts["2"]) for _ in range(RUNS)]
    body = "\n\n".join(
        [
            "Seconds from the command until the UI responds and until every location is loaded; "
            "memory is PSS; median of the runs. "
            f"Ratios are to `dagster dev`. Dagster {workspaces.dagster_version()}.",
            report.table(
                ("teams", "command", "runs", "UI", "ratio", "loaded", "ratio", "processes", "MiB",
                 "ratio"),
                list(rows(measured)),
            ),
            f"From a save to the new asset in GraphQL: {statistics.median(reloads):.2f} s, of "
            f"which the team's own import takes {statistics.median(imports):.2f} s. (`dagster dev` "
            "reloads only by hand.)",
        ]
    )  # fmt: skip
    report.section("Development loop", f"python -m benchmarks.dev {' '.join(checkouts)}", body)


def ours(root: Path, port: int) -> Sequence[str | Path]:
    return (root / ".venv-tools/bin/invoke", "dev", "--port", str(port))


def one_team(root: Path, port: int) -> Sequence[str | Path]:
    return (*ours(root, port), "--team", "team00")


def theirs(root: Path, port: int) -> Sequence[str | Path]:
    return (root / ".venv-dagit/bin/dagster", "dev", "-w", "workspace.yaml", "--port", str(port))


def alternately(sides: list[Side], size: str, root: Path) -> Iterator[tuple[Side, list[Start]]]:
    """Every side's starts on one checkout, in turn, so that a slow minute affects all of them."""
    started: dict[str, list[Start]] = {side.name: [] for side in sides}
    for turn in range(-1, RUNS):  # the first turn fills the disk cache and does not count
        for side in sides:
            counted = side.runs.get(size, 0)
            if counted and turn < counted and (one := measure(side, size, root)) and turn >= 0:
                started[side.name].append(one)
    for side in sides:
        if started[side.name]:
            yield side, started[side.name]


@contextlib.contextmanager
def running(
    command: Callable[[Path, int], Sequence[str | Path]], root: Path
) -> Iterator[tuple[str, Path, float]]:
    """A platform that has just been started: its URL, its DAGSTER_HOME, and the starting time."""
    home = Path(tempfile.mkdtemp(prefix="home-", dir=root.parent))
    shutil.copytree(root / ".dagster_home", home, symlinks=True, dirs_exist_ok=True)
    port = free_port()
    env = {**report.environment(), "DAGSTER_HOME": str(home)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command(root, port)], cwd=root, env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}", home, began
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        for left in processes_of(home):
            with contextlib.suppress(psutil.Error):
                left.kill()
        process.wait(10)
        shutil.rmtree(home, ignore_errors=True)


def measure(side: Side, size: str, root: Path) -> Start | None:
    """Start it once; None if it did not load everything within the time limit."""
    teams = 1 if side.command is one_team else {"this": 2}.get(size) or int(size)
    with running(side.command, root) as (url, home, began):
        ui = loaded = None
        while loaded is None and time.perf_counter() - began < LONGEST_SECONDS:
            # The more locations there are, the more a query costs the webserver.
            time.sleep(LATER_POLL_SECONDS if ui else POLL_SECONDS)
            with contextlib.suppress(OSError, RuntimeError):
                found = webserver.ask(url, ENTRIES)["workspaceOrError"].get("locationEntries", [])
                now = time.perf_counter() - began
                ui = ui or now
                states = [(e["locationOrLoadError"] or {}).get("__typename") for e in found]
                if states == ["RepositoryLocation"] * teams:
                    loaded = now
        if ui is None or loaded is None:
            return None
        time.sleep(5)  # for the daemon, which starts last
        processes = processes_of(home)
        memory = sum(map(pss, processes)) / 2**20
    start = Start(ui, loaded, len(processes), memory)
    sys.stderr.write(f"{size} teams, {side.name}: {start}\n")
    return start


def pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def save_to_visible(root: Path) -> float:
    """The seconds from saving a new asset until it is in GraphQL."""
    name = f"new_{os.urandom(4).hex()}"
    file = root / "team00_project" / "team00_project" / "definitions.py"
    text = file.read_text(encoding="utf-8")
    with running(ours, root) as (url, _, _):
        wait_for(lambda: "team00_table" in assets(url))
        time.sleep(8)  # until the daemon has started
        changed = text.replace("def team00_raw", f"def {name}").replace("team00_raw", name)
        file.write_text(changed, encoding="utf-8")
        saved = time.perf_counter()
        wait_for(lambda: name in assets(url))
        seconds = time.perf_counter() - saved
    file.write_text(text, encoding="utf-8")
    return seconds


def assets(url: str) -> set[str]:
    with contextlib.suppress(OSError, RuntimeError):
        return {node["assetKey"]["path"][-1] for node in webserver.ask(url, ASSETS)["assetNodes"]}
    return set()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + LONGEST_SECONDS
    while not condition():
        assert time.perf_counter() < deadline
        time.sleep(POLL_SECONDS)


def import_time(root: Path) -> float:
    """The seconds that the team's interpreter takes to load the team's definitions."""
    project = root / "team00_project"
    began = time.perf_counter()
    subprocess.run(
        [project / ".venv-team00/bin/python", "-c", "import team00_project.definitions"],
        cwd=project, env=report.environment(), check=True,
    )  # fmt: skip
    return time.perf_counter() - began


def rows(measured: dict[tuple[str, str], list[Start]]) -> Iterator[tuple[str, ...]]:
    for (size, name), starts in measured.items():
        base = measured.get((size, "dagster dev"), [])
        cells = [size, f"`{name}`", str(len(starts))]
        for figure in ("ui", "loaded", "processes", "pss"):
            value = statistics.median(getattr(start, figure) for start in starts)
            cells.append(f"{value:.1f}" if figure in ("ui", "loaded") else f"{value:.0f}")
            if figure != "processes":
                other = [getattr(start, figure) for start in base]
                cells.append(f"{value / statistics.median(other):.2f}" if other else "")
        yield tuple(cells)


if __name__ == "__main__":
    main(sys.argv[1:] or ["this", "2", "12", "50"])

"""`invoke check`, compared with `dg check defs` and with the physical limit.

    .venv-tools/bin/python -m benchmarks.check [this] [12] [50]

Runs on this repository and on generated ones of 12 and 50 teams, or on those that are named. The
limit is the time to import every team's definitions and do nothing else, with as many at a time as
there are cores. Takes about twelve minutes.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import report, workspaces
from devkit.core import parallel
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams

# Loads a team's definitions and does nothing else; in some layouts they are a function.
LOAD = "import {} as module; module.defs() if callable(module.defs) else None"
RUNS = 3
# With 50 teams, it takes minutes: one run is enough.
RUNS_OF_DG = {"50": 1}


def main(sizes: Sequence[str]) -> None:
    rows = []
    with tempfile.TemporaryDirectory(prefix="dagteam-bench-") as scratch:
        dg = workspaces.install_dg(Path(scratch))
        for size in sizes:
            folder = Path(scratch) / size
            root = (
                workspaces.here(folder)
                if size == "this"
                else workspaces.generate(folder, int(size))
            )
            rows.append(measure(size, root, dg))
    body = "\n\n".join(
        [
            f"Seconds, median of {RUNS} (`dg check defs` with 50 teams: one run), Dagster "
            f"{workspaces.dagster_version()}. The limit is the time to import every team's "
            "definitions, on all cores.",
            report.table(
                ("teams", "nothing cached", "`dg check defs`", "ratio", "limit", "ratio",
                 "one changed", "its import", "ratio", "nothing changed"),
                rows,
            ),
        ]
    )  # fmt: skip
    report.section("`invoke check`", f"python -m benchmarks.check {' '.join(sizes)}", body)


def measure(size: str, root: Path, dg: Path) -> tuple[str, ...]:
    """The row of one repository: all sides in turn, so that a slow minute affects all of them."""
    teams = load_teams(root)
    check = (root / ".venv-tools/bin/invoke", "check")
    file = teams[0].directory / teams[0].package / "definitions.py"
    text = file.read_text(encoding="utf-8")
    sides: dict[str, Callable[[int], float]] = {
        "fresh": lambda _: seconds((*check, "--no-cache"), root),
        "limit": lambda _: imports(teams),
        "nothing": lambda _: seconds(check, root),
        "import": lambda _: imports(teams[:1]),
        "one": lambda turn: changed(check, root, file, f"{text}\n# {turn}\n"),
        "dg": lambda _: seconds((dg, "check", "defs"), root),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(RUNS):
        for name, side in sides.items():
            if name != "dg" or turn < RUNS_OF_DG.get(size, RUNS):
                taken[name].append(side(turn))
                sys.stderr.write(f"{size} teams, {name}: {taken[name][-1]:.2f} s\n")
    file.write_text(text, encoding="utf-8")
    median = {name: statistics.median(values) for name, values in taken.items()}
    cells = [
        *(median["fresh"], median["dg"], median["fresh"] / median["dg"]),
        *(median["limit"], median["fresh"] / median["limit"]),
        *(median["one"], median["import"], median["one"] / median["import"]),
        median["nothing"],
    ]
    return (size, *(f"{cell:.2f}" for cell in cells))


def seconds(argv: Sequence[str | Path], root: Path) -> float:
    """The time that a command takes; it must succeed."""
    began = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in argv], cwd=root, env=report.environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    taken = time.perf_counter() - began
    assert done.returncode == 0, done.stdout + done.stderr
    return taken


def imports(teams: Sequence[Team]) -> float:
    """The time that importing these teams' definitions takes, with one interpreter per core."""
    began = time.perf_counter()
    parallel.gather(
        lambda team: seconds((team.python, "-c", LOAD.format(team.module)), team.directory), teams
    )
    return time.perf_counter() - began


def changed(check: Sequence[str | Path], root: Path, file: Path, text: str) -> float:
    """The time that a check takes after a team's file has changed."""
    file.write_text(text, encoding="utf-8")
    return seconds(check, root)


if __name__ == "__main__":
    main(sys.argv[1:] or ["this", "12", "50"])

"""Environments from scratch: `invoke setup`, compared with `python -m venv` and `pip install`.

    .venv-tools/bin/python -m benchmarks.environments

Both sides build the same environments from the same pins, with warm download caches, since the
first run of each does not count. Takes about eight minutes, nearly all of it pip's.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from devkit.core.paths import ROOT
from devkit.environments.venvs import Environment, every_environment
from devkit.registry.workspace import load_teams

OUR_RUNS = 5
PIP_RUNS = 2


def main(names: Sequence[str] = ()) -> None:
    """Measure the environments of these names, or all."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = report.checkout(Path(scratch) / "dagteam")
        environments = [
            one for one in every_environment(load_teams(ROOT)) if not names or one.name in names
        ]
        run(
            [sys.executable, "tasks.py", "teams"], copy
        )  # builds .venv-tools, which is not compared
        invoke = copy / ".venv-tools" / "bin" / "invoke"

        ours, pips = [], []
        for attempt in range(max(OUR_RUNS, PIP_RUNS) + 1):
            if attempt <= OUR_RUNS:
                ours.append(from_scratch(copy, environments, invoke))
            if attempt <= PIP_RUNS:
                pips.append(with_pip(copy, environments))
        nothing_to_do = [run([invoke, "setup"], copy) for _ in range(OUR_RUNS)]

    ours_s, pip_s = statistics.median(ours[1:]), statistics.median(pips[1:])
    measured = ", ".join(environment.name for environment in environments)
    rows = [
        ("`python -m venv` and `pip install`, one after another", f"{pip_s:.1f} s", "1"),
        ("`invoke setup`, with DAGSTER_HOME and hooks", f"{ours_s:.2f} s", f"{pip_s / ours_s:.1f}"),
        ("`invoke setup`, nothing to do", f"{statistics.median(nothing_to_do):.2f} s", ""),
    ]
    body = (
        f"All environments ({measured}) from scratch, with warm download caches; "
        f"median of {OUR_RUNS} (pip: {PIP_RUNS}).\n\n"
        + report.table(("", "time", "speed-up"), rows)
    )
    report.section("Environments", "python -m benchmarks.environments", body)


def from_scratch(copy: Path, environments: list[Environment], invoke: Path) -> float:
    for environment in environments:
        shutil.rmtree(copy / environment.path.relative_to(ROOT), ignore_errors=True)
    shutil.rmtree(copy / ".dagster_home", ignore_errors=True)
    return run([invoke, "setup"], copy)


def with_pip(copy: Path, environments: list[Environment]) -> float:
    shutil.rmtree(copy / "with-pip", ignore_errors=True)
    started = time.perf_counter()
    for environment in environments:
        lock = copy / environment.lock.relative_to(ROOT)
        lines = lock.read_text(encoding="utf-8").splitlines()
        editable = [line.split()[1] for line in lines if line.startswith("-e ")]
        pins = copy / "pins.txt"  # pip rejects editable lines if it checks hashes
        pins.write_text(
            "\n".join(line for line in lines if not line.startswith("-e ")), encoding="utf-8"
        )
        target = copy / "with-pip" / environment.name
        run([sys.executable, "-m", "venv", target], copy)
        pip: list[str | Path] = [target / "bin" / "python", "-m", "pip", "install", "--quiet"]
        run([*pip, "--requirement", pins], copy)
        for folder in editable:
            run([*pip, "--no-deps", "--editable", folder], copy)
    return time.perf_counter() - started


def run(argv: Sequence[str | Path], cwd: Path) -> float:
    """Run a command that must succeed; returns the seconds that it took."""
    started = time.perf_counter()
    subprocess.run(argv, cwd=cwd, env=report.environment(), check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

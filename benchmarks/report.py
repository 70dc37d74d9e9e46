"""Helpers of the benchmarks: a scratch checkout, and the sections of docs/benchmarks.md."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from devkit.core.environ import clean_environment
from devkit.core.parallel import cores
from devkit.core.paths import ROOT

REPORT = ROOT / "docs" / "benchmarks.md"
PREAMBLE = """# Benchmarks

Each section is written by the command that it names, which runs all sides in turn on one machine.
Compare the ratios: they depend less on the machine than the times do.
"""


def environment() -> dict[str, str]:
    """The shell's variables without those that would distort the results."""
    unset = ("PYTHONDONTWRITEBYTECODE", "DAGSTER_HOME")
    return {name: value for name, value in clean_environment().items() if name not in unset}


def checkout(folder: Path) -> Path:
    """Copy the files that Git does not ignore into a new checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, listed):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


def machine() -> str:
    """The machine and the versions, in one line."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores()} cores, "
        f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 30} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"uv {version('uv')}"
    )


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def section(title: str, command: str, body: str) -> None:
    """Print a section and replace it in the report, or add it."""
    text = f"## {title}\n\n`{command}`: {machine()}\n\n{body}\n"
    sys.stdout.write(text)
    old = REPORT.read_text(encoding="utf-8") if REPORT.exists() else PREAMBLE
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    new = pattern.sub(lambda _: f"{text}\n", old) if pattern.search(old) else f"{old}\n{text}"
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(new.rstrip() + "\n", encoding="utf-8")

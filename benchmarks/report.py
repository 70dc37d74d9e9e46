"""What the benchmarks share: a scratch checkout, the machine, sections of docs/benchmarks.md."""

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

Each section is written by the command that it names, which runs both sides in turn on one
machine. Ratios are what counts: they hold when the machine's speed does not.
"""


def environment() -> dict[str, str]:
    """The shell's variables, less what a user's machine does not set."""
    unset = ("PYTHONDONTWRITEBYTECODE", "DAGSTER_HOME")
    return {name: value for name, value in clean_environment().items() if name not in unset}


def checkout(folder: Path) -> Path:
    """Copy what git tracks or would track into a new checkout of its own."""
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
    """The machine and the versions, in a line."""
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
    """Print a section and put it in its place in the report."""
    text = f"## {title}\n\n`{command}`: {machine()}\n\n{body}\n"
    sys.stdout.write(text)
    old = REPORT.read_text() if REPORT.exists() else PREAMBLE
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    new = pattern.sub(lambda _: f"{text}\n", old) if pattern.search(old) else f"{old}\n{text}"
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(new.rstrip() + "\n")

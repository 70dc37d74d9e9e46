"""What is publicly known against the packages of a lock: asked of OSV by `uv audit`."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from devkit import locks, processes
from devkit.bootstrap import ROOT, TOOLS, clean_environment
from devkit.failures import explain
from devkit.locks import Room
from devkit.processes import Finished

# What is known, in words that begin with its name, by package.
Known = dict[str, tuple[str, ...]]


class UnreachableError(Exception):
    """The database, or the package index, does not answer: why, in one sentence."""


def of(room: Room, database: str = "") -> Known:
    """What is known against what the room's locks pin; `database` is the URL of a mirror of OSV.

    Raises:
        UnreachableError: if nobody answers.
    """
    with tempfile.TemporaryDirectory(prefix="dagteam-audit-") as scratch:
        script = Path(scratch) / "pins.py"
        script.write_text(as_script(locks.requirements(room), locks.oldest_python(room)))
        locked = uv("lock", "--quiet", "--script", str(script))
        if locked.code:
            raise UnreachableError(explain(locked.text) or locked.text)
        asked = uv(
            "audit", "--frozen", "--script", str(script), "--output-format", "json",
            "--preview-features", "audit-command,json-output",
            *(["--service-url", database] if database else []),
        )  # fmt: skip
    return read(asked, database or "OSV")


def as_script(requirements: Iterable[str], python: str) -> str:
    """A script that needs these packages (PEP 723): what uv can audit without a project."""
    lines = [f"#   {json.dumps(requirement)}," for requirement in requirements]
    head = ["# /// script", f'# requires-python = ">={python}"', "# dependencies = ["]
    return "\n".join([*head, *lines, "# ]", "# ///", ""])


def read(asked: Finished, database: str) -> Known:
    """What `uv audit` has found.

    Raises:
        UnreachableError: if it is no report: nobody answered.
    """
    try:
        report: dict[str, Any] = json.loads(asked.output)
    except json.JSONDecodeError:
        said = next((line for line in asked.errors.splitlines() if "error" in line), "no answer")
        raise UnreachableError(f"{database} can't be asked ({said.strip()})") from None
    found: dict[str, list[str]] = {}
    for one in report["vulnerabilities"]:
        fixed = ", ".join(one["fix_versions"])
        text = f"{one['display_id']} ({f'fixed in {fixed}' if fixed else 'not fixed yet'})"
        found.setdefault(one["dependency"]["name"], []).append(text)
    for one in report["adverse_statuses"]:
        found.setdefault(one["name"], []).append(f"the project is {one['status']}")
    return {name: tuple(texts) for name, texts in found.items()}


def uv(*arguments: str) -> Finished:
    """Run uv, from the tools' environment, outside of any project."""
    return processes.run([TOOLS / "bin" / "uv", *arguments], cwd=ROOT, env=clean_environment())

"""Looks up known vulnerabilities of locked packages in OSV (https://osv.dev), with `uv audit`."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from devkit.core import uv
from devkit.core.processes import Completed
from devkit.environments import lockfiles
from devkit.environments.project import Project
from devkit.environments.uv_settings import index_flags

# Advisories by package, each a text such as "PYSEC-2024-1 (fixed in 2.0)".
Advisories = dict[str, tuple[str, ...]]


class UnreachableError(Exception):
    """The database or the package index is unreachable; the message is one line."""


def audit(project: Project, database: str = "") -> Advisories:
    """The advisories for the packages in a project's locks; `database` is the URL of an OSV mirror.

    Raises:
        UnreachableError: if the database or the package index is unreachable.
    """
    with tempfile.TemporaryDirectory(prefix="dagteam-audit-") as scratch:
        script = Path(scratch) / "pins.py"
        python = project.pyproject.oldest_python
        pins = sorted({str(pin) for pin in lockfiles.all_pins(project) if pin.version})
        script.write_text(as_script(pins, python), encoding="utf-8")
        indexes = index_flags(project.directory, *project.libraries)
        locked = uv.ask("lock", "--quiet", *indexes, "--script", script)
        if locked.code:
            raise UnreachableError(uv.reason(locked).partition("\n")[0])
        asked = uv.ask(
            "audit", "--frozen", "--script", script, "--output-format", "json",
            "--preview-features", "audit-command,json-output",
            *(["--service-url", database] if database else []),
        )  # fmt: skip
    return read(asked, database or "OSV")


def as_script(requirements: Iterable[str], python: str) -> str:
    """A script that requires these packages (PEP 723): uv audits it as if it were a project."""
    lines = [f"#   {json.dumps(requirement)}," for requirement in requirements]
    head = ["# /// script", f'# requires-python = ">={python}"', "# dependencies = ["]
    return "\n".join([*head, *lines, "# ]", "# ///", ""])


def read(asked: Completed, database: str) -> Advisories:
    """The advisories in a report of `uv audit`.

    Raises:
        UnreachableError: if there is no report, because the database did not answer.
    """
    try:
        report: dict[str, Any] = json.loads(asked.stdout)
    except json.JSONDecodeError:
        lines = asked.stderr.splitlines()
        reason = next((line for line in lines if "error" in line), "no answer")
        raise UnreachableError(f"{database} is unreachable ({reason.strip()})") from None
    found: dict[str, list[str]] = {}
    for advisory in report["vulnerabilities"]:
        fixed = ", ".join(advisory["fix_versions"])
        text = f"{advisory['display_id']} ({f'fixed in {fixed}' if fixed else 'not fixed yet'})"
        found.setdefault(advisory["dependency"]["name"], []).append(text)
    for project in report["adverse_statuses"]:
        found.setdefault(project["name"], []).append(f"the project is {project['status']}")
    return {name: tuple(texts) for name, texts in found.items()}

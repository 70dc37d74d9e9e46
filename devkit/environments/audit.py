"""Known vulnerabilities of the packages in a lock: `uv audit` asks OSV (https://osv.dev)."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from devkit.core import uv
from devkit.core.processes import Completed
from devkit.environments import lockfiles
from devkit.environments.project import Project

# Advisories, in words that begin with the advisory's name, by package.
Advisories = dict[str, tuple[str, ...]]


class UnreachableError(Exception):
    """The database, or the package index, does not answer: why, in one sentence."""


def audit(project: Project, database: str = "") -> Advisories:
    """The advisories for what the project's locks pin; `database` is the URL of an OSV mirror.

    Raises:
        UnreachableError: if the database or the package index does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="dagteam-audit-") as scratch:
        script = Path(scratch) / "pins.py"
        python = project.pyproject.oldest_python
        script.write_text(as_script(lockfiles.requirements(project), python), encoding="utf-8")
        locked = uv.ask("lock", "--quiet", "--script", script)
        if locked.code:
            raise UnreachableError(uv.reason(locked))
        asked = uv.ask(
            "audit", "--frozen", "--script", script, "--output-format", "json",
            "--preview-features", "audit-command,json-output",
            *(["--service-url", database] if database else []),
        )  # fmt: skip
    return read(asked, database or "OSV")


def as_script(requirements: Iterable[str], python: str) -> str:
    """A script that needs these packages (PEP 723): what uv can audit without a project."""
    lines = [f"#   {json.dumps(requirement)}," for requirement in requirements]
    head = ["# /// script", f'# requires-python = ">={python}"', "# dependencies = ["]
    return "\n".join([*head, *lines, "# ]", "# ///", ""])


def read(asked: Completed, database: str) -> Advisories:
    """The advisories in a report of `uv audit`.

    Raises:
        UnreachableError: if it is no report: the database did not answer.
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

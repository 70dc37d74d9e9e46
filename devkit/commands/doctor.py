"""`invoke doctor`: what is wrong with this machine or checkout, and the command that fixes it."""

import json as json_format
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from invoke.context import Context

from devkit.cli import JSON, command
from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.core.wording import counted

if TYPE_CHECKING:
    from devkit.doctor.findings import Finding


@command(help=JSON | {"fix": "repair what is safe to repair"})
def doctor(_: Context, fix: bool = False, json: bool = False) -> None:
    """Show what is wrong here, and the command that fixes it."""
    run(fix=fix, as_json=json)


def run(*, fix: bool, as_json: bool) -> None:
    """Run all checks and print what is wrong; with `fix`, first repair what is safe.

    Raises:
        DevkitError: if an error is left.
    """
    from devkit import doctor as examination
    from devkit.doctor.findings import Severity

    if as_json:
        output.use_stderr()
    found = examination.examine()
    if fix:
        found = examination.repair_all(found)
    if as_json:
        output.emit_json(to_json(found))
    elif found:
        report(found)
    else:
        output.info(f"{len(examination.CHECKS)} checks passed")
    errors = [finding for finding in found if finding.severity == Severity.ERROR]
    if errors:
        safe = any(finding.repair for finding in errors)
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        raise DevkitError(
            f"{counted(len(errors), 'problem')}: {codes}",
            fix="see above" + ("; `invoke doctor --fix` repairs what is safe" if safe else ""),
        )


def report(found: "Sequence[Finding]") -> None:
    """Print each finding, why it matters, and its fix."""
    for finding in found:
        severity = "" if finding.severity == "error" else f" ({finding.severity})"
        output.block(
            f"{finding.code}{severity}",
            f"{finding.what}\n  why:      {finding.why}\n  fix:      {finding.fix}",
        )


def to_json(found: "Sequence[Finding]") -> str:
    """The findings as a JSON list of objects; `safe`: --fix repairs it."""
    rows = []
    for finding in found:
        fields = {name: value for name, value in asdict(finding).items() if name != "repair"}
        rows.append({**fields, "safe": finding.repair is not None})
    return json_format.dumps(rows, indent=1)

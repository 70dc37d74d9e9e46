"""The baseline, `devkit/baseline.toml`: what a check found on the first day, and lets pass."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devkit.contracts.reports import Result
from devkit.contracts.snapshot import Finding
from devkit.core import output, toml
from devkit.core.files import replace_text
from devkit.core.paths import BASELINE, shown
from devkit.core.wording import counted

HEADER = (
    "# What `invoke check` found on the first day: it fails for new findings only.\n"
    "# Entries that are not found any more go by themselves; `invoke check --baseline` writes it "
    "anew.\n"
)

# What identifies a finding: its code, teams, keys, and its message where there are no keys.
Identity = tuple[str, tuple[str, ...], tuple[str, ...], str]


@dataclass(frozen=True)
class Baseline:
    """The findings, and the names of the teams that did not load."""

    findings: frozenset[Identity] = frozenset()
    failures: frozenset[str] = frozenset()

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self.findings) + len(self.failures)


def read(file: Path = BASELINE) -> Baseline:
    """The baseline; empty if there is none.

    Raises:
        DevkitError: if it is not valid TOML.
    """
    document = toml.read(file) if file.is_file() else {}
    findings = document.get("finding", ())
    return Baseline(frozenset(map(_known, findings)), frozenset(document.get("failures", ())))


def write(result: Result, unbuilt: Collection[str] = (), file: Path = BASELINE) -> None:
    """Write what a check found as the baseline; without anything to write, remove it.

    Teams without an environment (`unbuilt`) are not in it: nothing is known of their code.
    """
    failures = [name for name in _failed(result) if name not in unbuilt]
    _put(failures, result.findings, file)
    if found := len(failures) + len(result.findings):
        output.info(f"{shown(file)}: {counted(found, 'finding')}; only new ones fail")
    else:
        output.info(f"nothing found, so there is no {shown(file)}")


def new(result: Result, known: Baseline) -> Result:
    """What is not in the baseline: a result without the findings and failures that are."""
    findings = [one for one in result.findings if identity(one) not in known.findings]
    chosen = tuple(name for name in result.chosen if name not in known.failures)
    return replace(result, findings=findings, chosen=chosen)


def passed(result: Result, fresh: Result) -> list[str]:
    """What was found and is in the baseline, a line each."""
    lines = [f"{name} does not load" for name in _failed(result) if name not in fresh.chosen]
    lines += [
        f"{one.code}: {one.message.partition(chr(10))[0]}"
        for one in result.findings
        if one not in fresh.findings
    ]
    return lines


def shrink(result: Result, known: Baseline, file: Path = BASELINE) -> None:
    """Remove the entries that a check of every team has not found any more.

    While a team does not load, nobody knows: then they stay.
    """
    if not known or result.failures:
        return
    left = [one for one in result.findings if identity(one) in known.findings]
    if len({identity(one) for one in left}) < len(known):
        _put((), left, file)


def _failed(result: Result) -> list[str]:
    return [one.team.name for one in result.failures]


def identity(finding: Finding) -> Identity:
    """What identifies a finding."""
    message = "" if finding.keys else finding.message.partition("\n")[0]
    return finding.code, finding.teams, finding.keys, message


def _known(entry: Mapping[str, Any]) -> Identity:
    keys = tuple(entry.get("keys", ()))
    message = "" if keys else str(entry.get("message", ""))
    return str(entry.get("code", "")), tuple(entry.get("teams", ())), keys, message


def _put(failures: Iterable[str], findings: Iterable[Finding], file: Path) -> None:
    import tomli_w

    document: dict[str, Any] = {"failures": sorted(failures)}
    document["finding"] = [
        {
            "code": one.code,
            "teams": list(one.teams),
            "keys": list(one.keys),
            "message": one.message.partition("\n")[0],
        }
        for one in {identity(one): one for one in findings}.values()
    ]
    if any(document.values()):
        file.parent.mkdir(exist_ok=True)
        replace_text(file, HEADER + tomli_w.dumps(document))
    else:
        file.unlink(missing_ok=True)

"""Checks what is staged, by the teams that it affects: the Git hook.

What is wrong with another team, or was wrong before, is a line of warning.
"""

from collections.abc import Sequence
from dataclasses import replace

from devkit import contracts
from devkit.contracts import check
from devkit.contracts.check import Options
from devkit.contracts.snapshot import Finding, Snapshot
from devkit.core import output
from devkit.definitions import staged
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.definitions.staged import Staged
from devkit.environments.project import ORCHESTRATOR_NAME

# What identifies a finding: its code, teams and keys.
Identity = tuple[str, tuple[str, ...], tuple[str, ...]]


def judge(commit: Staged, options: Options) -> None:
    """Load the definitions of the affected teams, check the contracts, and print every result.

    Raises:
        DevkitError: naming each affected team that does not load, and each contract that the
            commit violates.
    """
    others = [team for team in commit.teams if team not in commit.affected]
    known = staged.load(commit, others)
    for name, found in known.items():
        if isinstance(found, Failure):
            reason = found.message.partition("\n")[0]
            output.warn(f"warning: {name} does not load, which this commit did not cause: {reason}")
    result = check.examine(
        commit.chosen, commit.teams, replace(options, files=commit.files), known=known
    )
    manifests = [one for one in result.found.values() if isinstance(one, Manifest)]
    own = _own(commit, manifests, result.findings)
    for finding in result.findings:
        if finding not in own:
            what = f"{finding.code}: {finding.message.partition(chr(10))[0]}"
            output.warn(f"warning: a violation that this commit did not cause: {what}")
    chosen = {name: found for name, found in result.found.items() if name in result.chosen}
    check.report(replace(result, found=chosen, findings=own))


def _own(
    commit: Staged, manifests: Sequence[Manifest], findings: Sequence[Finding]
) -> list[Finding]:
    """The violations that the commit causes.

    They are new, and follow from the definitions alone, or name a team that is affected.
    """
    if not findings:
        return []
    snapshot = Snapshot(commit.teams, tuple(manifests))
    of_definitions = {_identity(one) for one in contracts.broken(snapshot)}
    old = _before(commit, manifests)
    names = {*commit.affected.reasons}
    if any(file.startswith(f"{ORCHESTRATOR_NAME}/") for file in commit.changes.files):
        names.add(ORCHESTRATOR_NAME)
    return [
        one
        for one in findings
        if _identity(one) not in old
        and (_identity(one) in of_definitions or not names.isdisjoint(one.teams))
    ]


def _before(commit: Staged, manifests: Sequence[Manifest]) -> set[Identity]:
    """The violations at HEAD, as far as they are certain."""
    found = staged.before(commit, manifests)
    if found is None:
        return set()
    broken = contracts.broken(Snapshot(found.teams, found.manifests))
    return {_identity(one) for one in broken if found.unknown.isdisjoint(one.teams)}


def _identity(finding: Finding) -> Identity:
    return finding.code, finding.teams, finding.keys

"""Checks what is staged, by the teams that it affects: the Git hook.

What is wrong with another team, or was wrong before, is a line of warning.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from devkit import contracts
from devkit.contracts import check
from devkit.contracts.check import Options
from devkit.contracts.snapshot import Finding, Snapshot
from devkit.core import output
from devkit.core.paths import SHARED
from devkit.core.pyproject import FILE
from devkit.definitions import staged
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.definitions.staged import Staged
from devkit.environments import composition
from devkit.environments.project import ORCHESTRATOR_NAME
from devkit.registry.team import Team

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
    result = check.examine(
        commit.chosen, commit.teams, replace(options, files=commit.files), known=known
    )
    manifests = [one for one in result.found.values() if isinstance(one, Manifest)]
    broken_before = _broken_before(commit, result.failures, manifests, options.unbuilt)
    chosen = {name: result.found[name] for name in result.chosen if name not in broken_before}
    for name, found in result.found.items():
        if isinstance(found, Failure) and name not in chosen:
            reason = found.message.partition("\n")[0]
            output.warn(f"warning: {name} does not load, which this commit did not cause: {reason}")
    own = _own(commit, manifests, result.findings)
    for finding in result.findings:
        if finding not in own:
            what = f"{finding.code}: {finding.message.partition(chr(10))[0]}"
            output.warn(f"warning: a violation that this commit did not cause: {what}")
    check.report(replace(result, chosen=tuple(chosen), found=chosen, findings=own))


def _broken_before(
    commit: Staged,
    failures: Sequence[Failure],
    manifests: Sequence[Manifest],
    unbuilt: Collection[str],
) -> set[str]:
    """The affected teams that do not load, and did not before: none of their own files changed."""
    names = {found.team.name for found in failures if not _changes_own_files(commit, found.team)}
    if not names:
        return set()
    before = staged.before(commit, manifests)
    return {name for name in names if name in unbuilt or (before and name in before.unknown)}


def _changes_own_files(commit: Staged, team: Team) -> bool:
    """Whether a team is affected by its own files or entry, not only by what all teams share."""
    root = commit.files.root
    own = composition.of(team).own
    return any(
        reason not in commit.changes.files
        or any((root / reason).is_relative_to(one) for one in own)
        for reason in commit.affected.reasons.get(team.name, ())
    )


def _own(
    commit: Staged, manifests: Sequence[Manifest], findings: Sequence[Finding]
) -> list[Finding]:
    """The violations that the commit causes.

    They are new, and follow from the definitions, or from environments that it changes.
    """
    if not findings:
        return []
    snapshot = Snapshot(commit.teams, tuple(manifests))
    of_definitions = {_identity(one) for one in contracts.broken(snapshot)}
    old = _before(commit, manifests)
    names = {team.name for team in commit.chosen if _changes_own_files(commit, team)}
    tops = {file.partition("/")[0] for file in commit.changes.files}
    names |= {*commit.affected.reasons} if SHARED.name in tops else set()
    names |= {ORCHESTRATOR_NAME} & tops
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
    # A pyproject.toml may have patterns of external assets, which are read from the work tree.
    files, root = commit.changes.files, commit.files.root
    uncertain = set(found.unknown)
    for team in commit.teams:
        if {FILE, f"{team.folder_below(root)}/{FILE}"}.intersection(files):
            uncertain.add(team.name)
    broken = contracts.broken(Snapshot(found.teams, found.manifests))
    return {_identity(one) for one in broken if uncertain.isdisjoint(one.teams)}


def _identity(finding: Finding) -> Identity:
    return finding.code, finding.teams, finding.keys

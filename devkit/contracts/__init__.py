"""The contracts between teams: pure functions from a snapshot to findings.

Each contract is a function of a `Snapshot` in the file of its subject; `CONTRACTS` are all.
`docs/contracts.md` describes every code; a test holds the two equal.
"""

from collections.abc import Callable, Iterator

from devkit.contracts import columns, graph, isolation, partitions, versions
from devkit.contracts.snapshot import Finding, Snapshot

CONTRACTS: tuple[Callable[[Snapshot], Iterator[Finding]], ...] = (
    graph.duplicate_keys,
    graph.cycles,
    graph.missing_upstream,
    graph.missing_watched,
    graph.shadowed,
    graph.external_but_produced,
    partitions.mismatches,
    columns.mismatches,
    versions.orchestrator_behind,
    versions.orchestrator_differs,
    versions.shared_unmet,
    versions.locks_stale,
    isolation.imported,
    isolation.installed,
)


def broken(snapshot: Snapshot) -> list[Finding]:
    """Every contract that does not hold, in the order of the contracts."""
    return [finding for contract in CONTRACTS for finding in contract(snapshot)]

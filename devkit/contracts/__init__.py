"""The contracts between teams: pure functions from a snapshot to findings.

Each contract takes a `Snapshot` of all teams and is in the module of its subject; `CONTRACTS` lists
them all. `docs/contracts.md` describes every code, and a test compares the two.
"""

from collections.abc import Callable, Iterator

from devkit.contracts import columns, external, graph, isolation, partitions, runs, versions
from devkit.contracts.snapshot import Finding, Snapshot

CONTRACTS: tuple[Callable[[Snapshot], Iterator[Finding]], ...] = (
    graph.duplicate_keys,
    graph.cycles,
    graph.missing_upstream,
    graph.missing_watched,
    graph.shadowed,
    external.external_but_produced,
    external.unused_patterns,
    graph.duplicate_checks,
    runs.missing_monitored,
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
    """The violations of every contract, in the order of the contracts."""
    return [finding for contract in CONTRACTS for finding in contract(snapshot)]

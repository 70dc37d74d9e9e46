"""What must hold between teams: pure functions from what was found to findings.

Each contract is a function of a `Survey` in the file of its subject; `CONTRACTS` are all.
`docs/contracts.md` describes every code; a test holds the two equal.
"""

from collections.abc import Callable, Iterator

from devkit.contracts import columns, graph, isolation, partitions, versions
from devkit.contracts.survey import Finding, Survey

CONTRACTS: tuple[Callable[[Survey], Iterator[Finding]], ...] = (
    graph.made_by_two,
    graph.cycles,
    graph.read_of_nothing,
    graph.watch_of_nothing,
    graph.shadowed,
    graph.external_but_made,
    partitions.unmappable,
    columns.unmet,
    versions.hosts_behind,
    versions.hosts_differ,
    versions.shared_unmet,
    versions.locks_stale,
    isolation.imported,
    isolation.installed,
)


def broken(survey: Survey) -> list[Finding]:
    """Every contract that does not hold, in the order of the contracts."""
    return [finding for contract in CONTRACTS for finding in contract(survey)]

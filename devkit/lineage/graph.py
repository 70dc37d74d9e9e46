"""The asset graph across teams as a value: build, cut and compare it; pure.

An asset that one team produces and others declare is one node, the producer's. Checks and sensors
are not nodes. The order is fixed: teams as in the registry, keys alphabetically.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from devkit.core.wording import counted
from devkit.definitions.manifest import Manifest

# The keys of the upstream and the downstream asset.
Edge = tuple[str, str]


@dataclass(frozen=True)
class Node:
    """An asset. `team` is the short name of its producer, None if no team produces it.

    `external`: the producer outside of this repository, as declared, or the team that observes it.
    """

    key: str
    team: str | None
    group: str = ""
    kinds: tuple[str, ...] = ()
    external: str | None = None

    @property
    def missing(self) -> bool:
        """Whether it has no producer: no team produces it or declares it external."""
        return self.team is None and self.external is None


@dataclass(frozen=True)
class Watch:
    """A sensor of a team, and the keys of the assets whose materializations it waits for."""

    team: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """Assets and their dependencies.

    The nodes are grouped by team, in the order of `teams`; those without a team come last.
    """

    teams: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    watches: tuple[Watch, ...] = ()

    @property
    def by_key(self) -> dict[str, Node]:
        """The nodes by their keys."""
        return {node.key: node for node in self.nodes}


@dataclass(frozen=True)
class Difference:
    """The difference between two graphs. An asset that has lost its producer counts as removed.

    `moved` are the assets that have another producer: before and after.
    """

    before: Graph
    after: Graph
    added: tuple[Node, ...]
    removed: tuple[Node, ...]
    moved: tuple[tuple[Node, Node], ...]
    added_edges: tuple[Edge, ...]
    removed_edges: tuple[Edge, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        lists = (self.added, self.removed, self.moved, self.added_edges, self.removed_edges)
        return not any(lists)

    @property
    def both(self) -> Graph:
        """The new graph with the removed nodes and edges still in it, for a picture."""
        old = self.before.by_key
        nodes = {
            **{key: old[key] for edge in self.removed_edges for key in edge},
            **self.after.by_key,
            **{node.key: node for node in self.removed},
        }
        edges = (*self.after.edges, *self.removed_edges)
        return _ordered(self.after.teams, nodes.values(), edges, self.after.watches)


def build(manifests: Sequence[Manifest]) -> Graph:
    """The graph of all assets that these teams, in the registry's order, produce or declare.

    If two teams produce one key, it is the first one's.
    """
    nodes: dict[str, Node] = {}
    edges: set[Edge] = set()
    for manifest in manifests:
        for asset in manifest.produces.values():
            team = manifest.team.name
            nodes.setdefault(asset.key, Node(asset.key, team, asset.group, asset.kinds))
            edges |= {(dep.key, asset.key) for dep in asset.deps}
    produced = set(nodes)
    for manifest in manifests:
        for asset in manifest.external_assets.values():
            if asset.key in produced:
                continue
            observed = f"observed by {manifest.team.name}" if asset.observed else None
            external = observed if asset.external is None else asset.external or "elsewhere"
            if asset.key not in nodes or (nodes[asset.key].missing and external is not None):
                nodes[asset.key] = Node(asset.key, None, asset.group, asset.kinds, external)
            edges |= {(dep.key, asset.key) for dep in asset.deps}
    connected = {key for edge in edges for key in edge}
    for key in connected.union(*(manifest.reads for manifest in manifests)):
        nodes.setdefault(key, Node(key, None))
    watches = tuple(
        Watch(manifest.team.name, sensor.name, sensor.watches)
        for manifest in manifests
        for sensor in manifest.sensors
        if sensor.watches
    )
    teams = (manifest.team.name for manifest in manifests)
    return _ordered(teams, nodes.values(), edges, watches)


def overview(graph: Graph) -> Graph:
    """A graph with a node for each team instead of its assets, for one that is too large to draw.

    Omits nodes without a team. `external` is empty, so that no node counts as missing.
    """
    teams = {node.key: node.team for node in graph.nodes if node.team}
    counts = Counter(teams.values())
    nodes = (
        Node(team, None, kinds=(counted(counts[team], "asset"),), external="")
        for team in graph.teams
    )
    pairs = {(teams[a], teams[b]) for a, b in graph.edges if a in teams and b in teams}
    return _ordered((), nodes, ((a, b) for a, b in pairs if a and b and a != b))


def only(graph: Graph, keys: Collection[str]) -> Graph:
    """The part of a graph with these keys, and the teams that produce any of them."""
    wanted = set(keys)
    nodes = [node for node in graph.nodes if node.key in wanted]
    teams = {node.team for node in nodes}
    return Graph(
        tuple(team for team in graph.teams if team in teams),
        tuple(nodes),
        tuple(edge for edge in graph.edges if wanted.issuperset(edge)),
        tuple(watch for watch in graph.watches if not wanted.isdisjoint(watch.keys)),
    )


def difference(before: Graph, after: Graph, unknown: Collection[str] = ()) -> Difference:
    """The difference between two graphs.

    `unknown` are teams that one of them lacks because their definitions could not be loaded. Omits
    what an unknown team produces, and what only unknown teams depend on.
    """
    old = {node.key: node for node in before.nodes if not node.missing}
    new = {node.key: node for node in after.nodes if not node.missing}
    teams = {node.key: node.team for node in (*before.nodes, *after.nodes) if node.team}
    consumers: dict[str, set[str | None]] = {}
    for upstream, downstream in (*before.edges, *after.edges):
        consumers.setdefault(upstream, set()).add(teams.get(downstream))

    def known(*nodes: Node) -> bool:
        owners = [{node.team} if node.team else consumers.get(node.key) for node in nodes]
        return not any(names and names.issubset(unknown) for names in owners)

    def only_in(edges: Sequence[Edge], others: Sequence[Edge]) -> tuple[Edge, ...]:
        extra = set(edges) - set(others)
        return tuple(edge for edge in edges if edge in extra and teams.get(edge[1]) not in unknown)

    both = [(old[key], new[key]) for key in new if key in old]
    return Difference(
        before,
        after,
        added=tuple(node for key, node in new.items() if key not in old and known(node)),
        removed=tuple(node for key, node in old.items() if key not in new and known(node)),
        moved=tuple((a, b) for a, b in both if a.team != b.team and known(a, b)),
        added_edges=only_in(after.edges, before.edges),
        removed_edges=only_in(before.edges, after.edges),
    )


def neighbors(graph: Graph, which: Literal["up", "down"]) -> Mapping[str, list[str]]:
    """The assets directly upstream (`up`) or downstream (`down`) of each asset, by key."""
    found: dict[str, list[str]] = {node.key: [] for node in graph.nodes}
    for upstream, downstream in graph.edges:
        start, end = (downstream, upstream) if which == "up" else (upstream, downstream)
        found[start].append(end)
    return found


def ranks(graph: Graph) -> dict[str, int]:
    """The length of the longest path to each key, from 0.

    Ignores the edges that close a cycle, which a depth-first search finds. The search is not
    recursive, since a path may be longer than Python's recursion limit.
    """
    down = neighbors(graph, "down")
    done: list[str] = []
    seen: set[str] = set()
    for start in down:
        path = [] if start in seen else [(start, iter(down[start]))]
        seen.add(start)
        while path:
            key, rest = path[-1]
            following = next((consumer for consumer in rest if consumer not in seen), None)
            if following is None:
                done.append(key)
                path.pop()
            else:
                seen.add(following)
                path.append((following, iter(down[following])))
    order = {key: number for number, key in enumerate(reversed(done))}
    found = dict.fromkeys(order, 0)
    for key, number in order.items():
        for consumer in down[key]:
            if order[consumer] > number:
                found[consumer] = max(found[consumer], found[key] + 1)
    return found


def _ordered(
    teams: Iterable[str],
    nodes: Iterable[Node],
    edges: Iterable[Edge],
    watches: tuple[Watch, ...] = (),
) -> Graph:
    nodes = sorted(nodes, key=lambda node: node.key)
    names = tuple(dict.fromkeys([*teams, *(node.team for node in nodes if node.team)]))
    positions: dict[str | None, int] = {team: number for number, team in enumerate(names)}
    return Graph(
        names,
        tuple(sorted(nodes, key=lambda node: positions.get(node.team, len(names)))),
        tuple(sorted(set(edges))),
        watches,
    )

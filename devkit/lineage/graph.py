"""The graph of every team's assets as a value: built, cut and compared; pure.

An asset that one team makes and others name is one node, the producer's. Checks and sensors are
no nodes. Everything is in a fixed order: teams as in the registry, keys as texts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from devkit.definitions.manifest import Manifest

# From the asset that is read to the one that reads it.
Edge = tuple[str, str]


@dataclass(frozen=True)
class Node:
    """An asset. `team` is the short name of who makes it, None if that is nobody here.

    `external`: where it comes from, if it is declared to be made by nobody here, or who
    observes it. `missing`: nobody makes it and nobody declares it external.
    """

    key: str
    team: str | None
    group: str = ""
    kinds: tuple[str, ...] = ()
    external: str | None = None

    @property
    def missing(self) -> bool:
        """Whether it is only known because something reads or names it."""
        return self.team is None and self.external is None


@dataclass(frozen=True)
class Watch:
    """A sensor of a team, and the keys of the assets whose materialisations it watches."""

    team: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """Assets and who reads them.

    Each team's nodes are together, in the order of `teams`; those of no team come last.
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
    """What one graph has and another has not; an asset that has become missing is removed.

    `moved` are the assets that have another producer: as they were and as they are.
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
        """The graph after, and in it what was removed, where it was: what a picture shows."""
        old = self.before.by_key
        nodes = {
            **{key: old[key] for edge in self.removed_edges for key in edge},
            **self.after.by_key,
            **{node.key: node for node in self.removed},
        }
        edges = (*self.after.edges, *self.removed_edges)
        return _ordered(self.after.teams, nodes.values(), edges, self.after.watches)


def build(manifests: Sequence[Manifest]) -> Graph:
    """The graph of all that these teams make and know of; they come in the registry's order.

    Of two teams that make one key the first has it.
    """
    nodes: dict[str, Node] = {}
    edges: set[Edge] = set()
    for manifest in manifests:
        for asset in manifest.produces.values():
            team = manifest.team.name
            nodes.setdefault(asset.key, Node(asset.key, team, asset.group, asset.kinds))
            edges |= {(dep.key, asset.key) for dep in asset.deps}
    made = set(nodes)
    for manifest in manifests:
        for asset in manifest.external_assets.values():
            if asset.key in made:
                continue
            seen = f"observed by {manifest.team.name}" if asset.observed else None
            external = seen if asset.external is None else asset.external or "elsewhere"
            if asset.key not in nodes or (nodes[asset.key].missing and external is not None):
                nodes[asset.key] = Node(asset.key, None, asset.group, asset.kinds, external)
            edges |= {(dep.key, asset.key) for dep in asset.deps}
    read = {key for edge in edges for key in edge}.union(*(one.reads for one in manifests))
    for key in read:
        nodes.setdefault(key, Node(key, None))
    watches = tuple(
        Watch(manifest.team.name, sensor.name, sensor.watches)
        for manifest in manifests
        for sensor in manifest.sensors
        if sensor.watches
    )
    return _ordered((one.team.name for one in manifests), nodes.values(), edges, watches)


def overview(graph: Graph) -> Graph:
    """A node for each team instead of its assets, for a graph that is too large to draw.

    Nodes of no team are left out; `external` is an empty text, as the teams are not elsewhere.
    """
    teams = {node.key: node.team for node in graph.nodes if node.team}
    counts = [sum(producer == team for producer in teams.values()) for team in graph.teams]
    nodes = (
        Node(team, None, kinds=(f"{count} assets",), external="")
        for team, count in zip(graph.teams, counts, strict=True)
    )
    pairs = {(teams[a], teams[b]) for a, b in graph.edges if a in teams and b in teams}
    return _ordered((), nodes, ((a, b) for a, b in pairs if a and b and a != b))


def only(graph: Graph, keys: Collection[str]) -> Graph:
    """The part of a graph with these keys, and the teams that have any of them."""
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
    """What differs; `unknown` are teams that one of the graphs lacks because nobody knows.

    Nothing is said of what an unknown team makes, nor of what it alone reads.
    """
    old = {node.key: node for node in before.nodes if not node.missing}
    new = {node.key: node for node in after.nodes if not node.missing}
    teams = {node.key: node.team for node in (*before.nodes, *after.nodes) if node.team}
    readers: dict[str, set[str | None]] = {}
    for read, reader in (*before.edges, *after.edges):
        readers.setdefault(read, set()).add(teams.get(reader))

    def known(*nodes: Node) -> bool:
        knowing = [{node.team} if node.team else readers.get(node.key) for node in nodes]
        return not any(who and who.issubset(unknown) for who in knowing)

    def more(edges: Sequence[Edge], others: Sequence[Edge]) -> tuple[Edge, ...]:
        fresh = set(edges) - set(others)
        return tuple(edge for edge in edges if edge in fresh and teams.get(edge[1]) not in unknown)

    both = [(old[key], new[key]) for key in new if key in old]
    return Difference(
        before,
        after,
        added=tuple(node for key, node in new.items() if key not in old and known(node)),
        removed=tuple(node for key, node in old.items() if key not in new and known(node)),
        moved=tuple((a, b) for a, b in both if a.team != b.team and known(a, b)),
        added_edges=more(after.edges, before.edges),
        removed_edges=more(before.edges, after.edges),
    )


def neighbours(graph: Graph, which: Literal["up", "down"]) -> Mapping[str, list[str]]:
    """What each asset reads (`up`) or who reads it (`down`), for every key."""
    found: dict[str, list[str]] = {node.key: [] for node in graph.nodes}
    for read, reader in graph.edges:
        start, end = (reader, read) if which == "up" else (read, reader)
        found[start].append(end)
    return found


def ranks(graph: Graph) -> dict[str, int]:
    """For each key the length of the longest way to it, from 0.

    Of a cycle, the edges that lead back do not count: those that a depth-first search, which
    is not recursive since a way may be long, finds to end where it came from.
    """
    down = neighbours(graph, "down")
    done: list[str] = []
    seen: set[str] = set()
    for start in down:
        path = [] if start in seen else [(start, iter(down[start]))]
        seen.add(start)
        while path:
            key, rest = path[-1]
            fresh = next((reader for reader in rest if reader not in seen), None)
            if fresh is None:
                done.append(key)
                path.pop()
            else:
                seen.add(fresh)
                path.append((fresh, iter(down[fresh])))
    order = {key: number for number, key in enumerate(reversed(done))}
    found = dict.fromkeys(order, 0)
    for key in order:
        for reader in down[key]:
            if order[reader] > order[key]:
                found[reader] = max(found[reader], found[key] + 1)
    return found


def _ordered(
    teams: Iterable[str],
    nodes: Iterable[Node],
    edges: Iterable[Edge],
    watches: tuple[Watch, ...] = (),
) -> Graph:
    nodes = sorted(nodes, key=lambda node: node.key)
    names = tuple(dict.fromkeys([*teams, *(node.team for node in nodes if node.team)]))
    places: dict[str | None, int] = {team: number for number, team in enumerate(names)}
    return Graph(
        names,
        tuple(sorted(nodes, key=lambda node: places.get(node.team, len(names)))),
        tuple(sorted(set(edges))),
        watches,
    )

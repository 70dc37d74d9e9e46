"""Graphs for tests, and a parser of Mermaid flowcharts."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from devkit.definitions.manifest import Asset, Check, Dependency, Manifest, Sensor
from devkit.lineage.graph import Graph, Node, build, difference
from devkit.registry.team import Team

HOSTILE = [
    'say "tea"',
    "it's [a] (cup) {of} <b>tea</b> & <!-- milk",
    "a|b `code` *bold* __init__ #quot; &amp; %% 100% ]]> \\ ;",
    "ключ/ü/茶 🫖",
    "end",
    "lifestyle: #x; classDef y:#z;",
    "1. list - of https://tea.example @all",
    "line\nfeed\ttab\x00\x07\ud800",
    "```\n--- \n# title",
    " ",
]


def asset(key: str, *upstream: str, group: str = "default", kinds: Sequence[str] = ()) -> Asset:
    """An asset that a team produces from these upstream assets."""
    return Asset(
        key=key,
        materializable=True,
        shadowed=False,
        observed=False,
        external=None,
        group=group,
        kinds=tuple(kinds),
        deps=tuple(Dependency(key, loaded=True, mapping=None) for key in upstream),
        partitions=None,
        columns=None,
        watches=(),
        source=None,
    )


def external_asset(key: str, external: str | None = None, observed: bool = False) -> Asset:
    """An asset that a team declares and does not produce; `external` is the value of the tag."""
    return replace(asset(key), materializable=False, external=external, observed=observed)


def manifest(
    name: str,
    *assets: Asset,
    sensors: Sequence[Sensor] = (),
    checks: Sequence[tuple[str, str]] = (),
) -> Manifest:
    """A team's manifest; none of the team's files exist."""
    folder = Path("/nowhere") / name
    return Manifest(
        team=Team(f"{name}_project", name, folder, folder / ".venv/bin/python", line=1),
        dagster="1.13.0",
        python="3.12.0",
        assets=assets,
        checks=tuple(Check(*check) for check in checks),
        jobs=(),
        schedules=(),
        sensors=tuple(sensors),
        imports={},
        raw={},
    )


ANALYTICS = manifest(
    "analytics",
    asset("raw", group="sources", kinds=["csv"]),
    asset("penguins", "raw", "weather", group="analytics", kinds=["pandas"]),
    external_asset("weather", external="the weather office"),
)
ML = manifest(
    "ml",
    asset("ml_clusters", "penguins", group="ml", kinds=["sklearn"]),
    asset("ml_report", "ml_clusters", "ghost", group="ml"),
    asset("a/b", "ml_report"),
    external_asset("penguins"),
    external_asset("ghost"),
    sensors=[Sensor("updated", ("penguins",), None)],
)
BUILT = build([ANALYTICS, ML])


def keys(graph: Graph) -> list[str]:
    return [node.key for node in graph.nodes]


def graph(
    *nodes: Node,
    edges: Sequence[tuple[str, str]] = (),
    teams: Sequence[str] = ("analytics", "ml"),
) -> Graph:
    """A graph of nodes that are already in order."""
    return Graph(tuple(teams), tuple(nodes), tuple(edges))


PENGUINS = Node("penguins", "analytics", kinds=("pandas", "parquet"))
CLUSTERS = Node("clusters", "ml", kinds=("sklearn",))
GHOST = Node("ghost", None)
WEATHER = Node("weather", None, external="the weather office")
GRAPH = graph(
    PENGUINS,
    CLUSTERS,
    GHOST,
    WEATHER,
    edges=[("ghost", "clusters"), ("penguins", "clusters"), ("weather", "penguins")],
)
BIRDS = Node("birds", "analytics")
RENAMED = graph(
    BIRDS,
    CLUSTERS,
    GHOST,
    Node("penguins", None),
    WEATHER,
    edges=[("ghost", "clusters"), ("penguins", "clusters"), ("weather", "birds")],
)
RENAMING = difference(GRAPH, RENAMED)
EMPTY = graph(teams=())


def many(teams: int, assets: int) -> Graph:
    """Many teams; each asset depends on its predecessor and on an asset of the previous team."""
    names = [f"team{n:02}" for n in range(teams)]
    nodes = [Node(f"{name}_asset{n:02}", name) for name in names for n in range(assets)]
    keys = [node.key for node in nodes]
    edges = [(a, b) for a, b in pairwise(keys) if a[:6] == b[:6]]
    edges += [(a, b) for a, b in zip(keys, keys[assets:], strict=False)]
    return graph(*nodes, edges=sorted(edges), teams=names)


def labels(mermaid: str) -> dict[str, str]:
    """The boxes of a flowchart: the rendered labels by id."""
    found = dict(re.findall(r'^ +(?:subgraph )?([nt]\d+)\["([^"]*)"\]$', mermaid, re.MULTILINE))
    return {name: rendered(text) for name, text in found.items()}


def rendered(label: str) -> str:
    """A label with its entities resolved, as Mermaid shows it."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label)


# Every line that the kit's flowcharts may have: any other line would be an unescaped key.
LINES = re.compile(
    r"flowchart LR|    subgraph t\d+\[\"[^\"]*\"\]|    end"
    r"|    (    )?n\d+\[\"[^\"]*\"\]|    n\d+ (-->|-\.->) n\d+|    empty\[\"no assets\"\]"
    r"|    linkStyle \d+(,\d+)* stroke:#[0-9a-f]{6},stroke-width:2px"
    r"|    classDef \w+ fill:#[0-9a-f]{6},[\w:#,\- ]+|    class n\d+(,n\d+)* \w+"
)


def valid(mermaid: str) -> str:
    """The flowchart; requires that every line is known and that every used id is defined."""
    lines = mermaid.splitlines()
    assert [line for line in lines if not LINES.fullmatch(line)] == []
    boxes = {line.strip().partition("[")[0] for line in lines if "[" in line}
    used = {name for line in lines if "[" not in line for name in re.findall(r"\bn\d+\b", line)}
    assert used <= boxes
    assert sum("subgraph" in line.split('"')[0] for line in lines) == lines.count("    end")
    return mermaid

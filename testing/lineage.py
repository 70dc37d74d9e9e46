"""Graphs that tests draw and select from, and how they read a flowchart."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from devkit.definitions.manifest import Asset, Check, Dependency, Manifest, Sensor
from devkit.lineage.graph import Graph, Node, build, difference
from devkit.registry.workspace import Team

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


def made(
    key: str, *reads: str, group: str = "default", kinds: Sequence[str] = (), of: bool = True
) -> Asset:
    """An asset that a team makes, or (`of=False`) only knows of."""
    return Asset(
        key=key,
        made=of,
        shadowed=False,
        observed=False,
        implied=not of,
        external=None,
        group=group,
        kinds=tuple(kinds),
        owners=(),
        deps=tuple(Dependency(read, loaded=True, mapping=None) for read in reads),
        partitions=None,
        columns=None,
        watches=(),
        place=None,
    )


def stub(key: str, external: str | None = None, observed: bool = False) -> Asset:
    """An asset that a team knows of."""
    plain = made(key, of=False)
    return Asset(**{**vars(plain), "external": external, "observed": observed})


def manifest(
    name: str,
    *assets: Asset,
    sensors: Sequence[Sensor] = (),
    checks: Sequence[tuple[str, str]] = (),
) -> Manifest:
    """What a team defines; nothing of it is on a disk."""
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
        resources=(),
        imports={},
        raw={},
    )


ANALYTICS = manifest(
    "analytics",
    made("raw", group="sources", kinds=["csv"]),
    made("penguins", "raw", "weather", group="analytics", kinds=["pandas"]),
    stub("weather", external="the weather office"),
)
ML = manifest(
    "ml",
    made("ml_clusters", "penguins", group="ml", kinds=["sklearn"]),
    made("ml_report", "ml_clusters", "ghost", group="ml"),
    made("a/b", "ml_report"),
    stub("penguins"),
    stub("ghost"),
    sensors=[Sensor("updated", "AssetSensorDefinition", True, ("penguins",), None)],
)
BUILT = build([ANALYTICS, ML])


def keys(graph: Graph) -> list[str]:
    return [node.key for node in graph.nodes]


def graph(
    *nodes: Node,
    edges: Sequence[tuple[str, str]] = (),
    teams: Sequence[str] = ("analytics", "ml"),
) -> Graph:
    """A graph whose nodes are in order already."""
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
    """Many teams; each asset reads the one before it and one of the team before."""
    names = [f"team{n:02}" for n in range(teams)]
    nodes = [Node(f"{name}_asset{n:02}", name) for name in names for n in range(assets)]
    keys = [node.key for node in nodes]
    edges = [(a, b) for a, b in pairwise(keys) if a[:6] == b[:6]]
    edges += [(a, b) for a, b in zip(keys, keys[assets:], strict=False)]
    return graph(*nodes, edges=sorted(edges), teams=names)


def labels(mermaid: str) -> dict[str, str]:
    """The boxes of a flowchart: what a reader sees, by id."""
    found = dict(re.findall(r'^ +(?:subgraph )?([nt]\d+)\["([^"]*)"\]$', mermaid, re.MULTILINE))
    return {name: seen(text) for name, text in found.items()}


def seen(label: str) -> str:
    """A label with its entities resolved, as Mermaid does it."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label)


# Every line that a flowchart of ours may have: anything else would be a key that got out.
LINES = re.compile(
    r"flowchart LR|    subgraph t\d+\[\"[^\"]*\"\]|    end"
    r"|    (    )?n\d+\[\"[^\"]*\"\]|    n\d+ (-->|-\.->) n\d+|    empty\[\"no assets\"\]"
    r"|    linkStyle \d+(,\d+)* stroke:#[0-9a-f]{6},stroke-width:2px"
    r"|    classDef \w+ fill:#[0-9a-f]{6},[\w:#,\- ]+|    class n\d+(,n\d+)* \w+"
)


def sound(mermaid: str) -> str:
    """The flowchart, whose every line is known, and every id that is used defined."""
    lines = mermaid.splitlines()
    assert [line for line in lines if not LINES.fullmatch(line)] == []
    boxes = {line.strip().partition("[")[0] for line in lines if "[" in line}
    used = {name for line in lines if "[" not in line for name in re.findall(r"\bn\d+\b", line)}
    assert used <= boxes
    assert sum("subgraph" in line.split('"')[0] for line in lines) == lines.count("    end")
    return mermaid

"""The graph as SVG."""

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from devkit.lineage.graph import Node
from devkit.lineage.svg import LONGEST, svg
from testing.lineage import EMPTY, GRAPH, HOSTILE, PENGUINS, RENAMING, graph, many

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 (our own)


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter() if name in one.get("class", "").split()]


def title(element: ET.Element) -> str:
    return element.findtext(f"{SVG}title") or ""


def test_svg_has_a_lane_for_each_team_a_box_for_each_asset_and_its_edges() -> None:
    root = parsed(svg(GRAPH))
    assert (root.tag, root.get("role")) == (f"{SVG}svg", "img")
    assert title(root) == "Asset lineage: 4 assets of 2 teams"
    assert root.get("aria-labelledby") == next(root.iter(f"{SVG}title")).get("id")
    names = [lane.findtext(f"{SVG}text") for lane in of_class(root, "lane")]
    assert names == ["analytics", "ml", "external or missing"]
    boxes = of_class(root, "asset")
    assert [[text.text for text in box.iter(f"{SVG}text")] for box in boxes] == [
        ["penguins", "pandas, parquet"],
        ["clusters", "sklearn"],
        ["ghost", "no producer"],
        ["weather", "the weather office"],
    ]
    assert title(boxes[0]) == "penguins · analytics · pandas, parquet"
    assert [box.get("class") for box in boxes] == [
        "asset",
        "asset",
        "asset missing",
        "asset external",
    ]
    edges = of_class(root, "edge")
    assert [title(edge) for edge in edges] == [
        "ghost → clusters",
        "penguins → clusters",
        "weather → penguins",
    ]
    heads = {f"url(#{marker.get('id')})" for marker in root.iter(f"{SVG}marker")}
    assert {edge.get("marker-end") for edge in edges} <= heads


def box_of(root: ET.Element, key: str) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of an asset's box."""
    for group in of_class(root, "asset"):
        if title(group).split(" · ")[0] == key:
            return corners(of_class(group, "box")[0])
    raise AssertionError(f"no box for {key}")


def corners(rectangle: ET.Element) -> tuple[int, int, int, int]:
    x, y, width, height = (int(rectangle.get(n, "")) for n in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def test_svg_puts_an_asset_to_the_right_of_its_upstream_and_in_its_lane() -> None:
    root = parsed(svg(GRAPH))
    assert box_of(root, "weather")[2] < box_of(root, "penguins")[0]
    assert box_of(root, "penguins")[2] < box_of(root, "clusters")[0]
    lanes = [corners(of_class(lane, "band")[0]) for lane in of_class(root, "lane")]
    assert all(above[3] < below[1] for above, below in pairwise(lanes))
    for key, lane in (("penguins", 0), ("clusters", 1), ("ghost", 2), ("weather", 2)):
        left, top, right, bottom = box_of(root, key)
        assert lanes[lane][0] < left
        assert lanes[lane][1] < top
        assert right < lanes[lane][2]
        assert bottom < lanes[lane][3]
    page = corners(of_class(root, "page")[0])
    assert page == (0, 0, int(root.get("width", "")), int(root.get("height", "")))
    assert all(lane[2] < page[2] and lane[3] < page[3] for lane in lanes)


def test_svg_boxes_of_a_large_picture_do_not_overlap() -> None:
    root = parsed(svg(many(8, 6)))
    boxes = [corners(box) for box in of_class(root, "box")]
    assert len(boxes) == 48
    for number, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[number + 1 :]:
            apart = right < other[0] or other[2] < left or bottom < other[1] or other[3] < top
            assert apart


def test_svg_draws_cycles_and_self_dependencies() -> None:
    nodes = [Node(key, "ml") for key in "abc"]
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "c")]
    root = parsed(svg(graph(*nodes, edges=edges)))
    assert len(of_class(root, "edge")) == 4


@pytest.mark.parametrize("key", HOSTILE)
def test_svg_shows_hostile_keys_as_far_as_xml_can(key: str) -> None:
    root = parsed(svg(graph(Node(key, key, kinds=(key,)), teams=[key])))
    shown = re.sub("[\\x00\\x07\\ud800]", "\ufffd", key)
    short = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
    (box,) = of_class(root, "asset")
    assert [text.text for text in box.iter(f"{SVG}text")] == [short, short]
    assert title(box) == f"{shown} · {shown} · {shown}"


def test_svg_colors_a_difference() -> None:
    root = parsed(svg(RENAMING.both, RENAMING))
    marks = {title(box).split(" · ")[0]: box.get("class") for box in of_class(root, "asset")}
    assert marks["birds"] == "asset added"
    assert marks["penguins"] == "asset removed"
    edges = {title(edge): edge.get("class") for edge in of_class(root, "edge")}
    assert edges["weather → birds"] == "edge added"
    assert edges["weather → penguins"] == "edge removed"
    assert edges["penguins → clusters"] == "edge missing"


def test_svg_without_assets_says_so() -> None:
    root = parsed(svg(EMPTY))
    assert "no assets" in [text.text for text in root.iter(f"{SVG}text")]


def test_svg_has_a_lane_for_a_team_without_assets() -> None:
    lanes = of_class(parsed(svg(graph(PENGUINS))), "lane")
    assert [lane.findtext(f"{SVG}text") for lane in lanes] == ["analytics", "ml"]

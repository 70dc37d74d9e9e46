"""The common style of all formats."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devkit.lineage.as_json import as_json
from devkit.lineage.graph import Graph
from devkit.lineage.markdown import markdown, pull_request
from devkit.lineage.mermaid import mermaid
from devkit.lineage.svg import svg
from testing.lineage import GRAPH, RENAMING, many


@pytest.mark.parametrize("draw", [mermaid, svg, as_json, markdown])
def test_every_format_draws_fifty_teams_quickly(draw: Callable[[Graph], str]) -> None:
    large = many(50, 20)
    started = time.process_time()
    assert len(draw(large)) > 1000
    assert time.process_time() - started < 5


def test_every_format_ends_with_one_line_feed(tmp_path: Path) -> None:
    texts = [
        mermaid(GRAPH),
        svg(GRAPH),
        as_json(GRAPH),
        markdown(GRAPH),
        pull_request(RENAMING),
    ]
    for text in texts:
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        (tmp_path / "file").write_text(text, encoding="utf-8")

"""Marked blocks: what is around them stays as it is, byte for byte."""

import pytest

from devkit.kit import blocks

TEXTS = ["", "a\n", "a", "a\r\nb\r\n", "a\n\n", "# >>> other\nb\n# <<< other\n"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_file_without_its_block_is_as_it_was(text: str) -> None:
    changed = blocks.put(text, ["/x/", "y"])
    assert changed.startswith(text)
    assert "/x/\ny\n" in changed
    assert blocks.take_out(changed) == text


@pytest.mark.parametrize("text", TEXTS)
def test_a_second_block_takes_the_place_of_the_first(text: str) -> None:
    twice = blocks.put(blocks.put(text, ["old"]), ["new"])
    assert twice == blocks.put(text, ["new"])
    assert blocks.take_out(twice) == text


def test_a_block_in_the_middle() -> None:
    changed = blocks.put("a\nb\n", ["x"], at=1)
    assert changed == "a\n# >>> DagTeam\nx\n# <<< DagTeam\nb\n"
    assert blocks.block_in(changed) == "# >>> DagTeam\nx\n# <<< DagTeam\n"
    assert blocks.take_out(changed) == "a\nb\n"
    assert blocks.block_in("a\n") is None
    assert blocks.take_out("a\n") == "a\n"

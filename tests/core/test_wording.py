"""Parts of messages."""

import pytest

from devkit.core.wording import counted, did_you_mean, few


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("anlytics", "; did you mean 'analytics'?"),
        ("mll", "; did you mean 'ml'?"),
        ("finance", ""),
        ("", ""),
    ],
)
def test_did_you_mean_names_the_closest_name_or_none(name: str, text: str) -> None:
    assert did_you_mean(name, iter(["ml", "analytics"])) == text


def test_counted_is_singular_for_one_only() -> None:
    assert [counted(n, "asset") for n in range(3)] == ["0 assets", "1 asset", "2 assets"]


def test_few_says_how_many_it_leaves_out() -> None:
    assert few(["a", "b"], 2) == ["a", "b"]
    assert few(("a", "b", "c"), 2) == ["a", "b", "and 1 more"]
    assert few([], 2) == []

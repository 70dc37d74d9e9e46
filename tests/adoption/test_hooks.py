"""The kit's hooks beside somebody's own."""

import pytest
import yaml

from devkit.adoption import hooks
from devkit.kit import blocks

CONFIGS = [
    "repos:\n- repo: https://x\n  rev: v1\n  hooks:\n  - id: a\n",
    "repos:\n- repo: https://x\n  rev: v1\n  hooks:\n  - id: a",
    "default_stages: [pre-commit]\nrepos:\n  # first\n  - repo: https://x\n    rev: v1\n"
    "    hooks:\n      - id: a  # c\n        args: [x]\n\n# end\nexclude: foo\n",
]


@pytest.mark.parametrize("config", CONFIGS)
def test_they_are_added_to_a_configuration_that_stays_as_it_is(config: str) -> None:
    changed = hooks.with_ours(config)
    assert changed
    assert blocks.take_out(changed) == config
    *before, ours = yaml.safe_load(changed)["repos"]
    assert before == yaml.safe_load(config)["repos"]
    assert ours["repo"] == "local"
    assert [hook["id"] for hook in ours["hooks"]] == [
        "dagteam-locks", "dagteam-derived", "dagteam-definitions"]  # fmt: skip
    assert hooks.with_ours(changed) is None or hooks.with_ours(changed) == changed


@pytest.mark.parametrize("config", ["repos: []\n", "repos: [{repo: x}]\n", "- a\n", "a: [", ""])
def test_what_can_t_be_edited_is_left_alone(config: str) -> None:
    assert hooks.with_ours(config) is None


def test_where_the_kit_is_not_set_up_the_hooks_pass() -> None:
    (repo,) = yaml.safe_load(hooks.new_config())["repos"]
    for hook in repo["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith("sh -c 'test ! -x .venv-tools/bin/python || exec ")

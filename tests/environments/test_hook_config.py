"""The configuration of pre-commit for the top, made from that of a root below it."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.environments import hook_config

PREFIX = "platforms/data [1]/"
NAMES = (
    "deploy/compose.yaml",
    "x/deploy/compose.yaml",
    ".vscode/settings.json",
    "tea/.vscode/settings.json",
    "a.code-workspace",
    "local_requirements.txt",
    ".devcontainer/devcontainer.json",
)


def made(text: str) -> dict[str, Any]:
    """What is made from a configuration."""
    document: dict[str, Any] = yaml.safe_load(hook_config.below(text, PREFIX, Path("/top/root")))
    return document


def local(hook: str, more: str = "") -> dict[str, Any]:
    """What is made of one local hook."""
    document = made(f"{more}repos: [{{repo: local, hooks: [{{id: a, name: a, {hook}}}]}}]")
    found: dict[str, Any] = document["repos"][0]["hooks"][0]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_patterns_of_this_repository_match_the_same_files(name: str) -> None:
    text = (ROOT / hook_config.FILE).read_text(encoding="utf-8")
    before, after = yaml.safe_load(text), made(text)
    pairs = list(zip(before["repos"][0]["hooks"], after["repos"][0]["hooks"], strict=True))
    assert len(pairs) > 10
    for old, new in pairs:
        for key in {"files", "exclude"} & old.keys():
            assert bool(re.search(old[key], name)) == bool(re.search(new[key], PREFIX + name))
            assert not re.search(new[key], name) or "^" not in old[key] or "(^|" in old[key]
    assert re.search(after["files"], PREFIX + name)
    assert not re.search(after["files"], name)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("^a$", "a", "b/a"),
        (r"\Aa", "ab", "b/a"),
        (r"\^a", "^a", "a"),
        ("[^a]$", "b", "a"),
        (r"[]^]$", "^", "a"),
        ("(?x)^(a|\n b)$", "b", "c/b"),
    ],
)
def test_a_pattern_is_for_paths_in_the_root(pattern: str, matching: str, other: str) -> None:
    text = yaml.safe_dump({"files": pattern, "exclude": pattern, "repos": []})
    for found in (made(text)["files"], made(text)["exclude"]):
        assert re.search(found, PREFIX + matching)
        assert not re.search(found, PREFIX + other)
    assert not re.search(made(text)["files"], matching)


@pytest.mark.parametrize("language", ["system", "unsupported", "script", "unsupported_script"])
def test_programs_run_in_the_root(language: str) -> None:
    hook = local(f"language: {language}, entry: bin/x 'a b', args: [--c]")
    words = shlex.split(hook["entry"])
    program = words.index("cd") + 2
    assert words[program - 1] == PREFIX.rstrip("/")
    assert words[program:] == ["/top/root/bin/x", "a b", "--c", "--"]
    assert "/top/root/.venv-tools/bin/python" in words
    assert (hook["language"], "args" in hook) == ("system", False)


def test_a_program_of_the_machine_is_found_there() -> None:
    assert shlex.split(local("language: system, entry: ruff check")["entry"])[-3:] == [
        "ruff",
        "check",
        "--",
    ]


def test_other_entries_stay_as_they_are() -> None:
    assert local("language: pygrep, entry: '^x', args: [--multiline]")["entry"] == "^x"
    theirs = made("repos: [{repo: https://localhost/x, rev: v1, hooks: [{id: a, files: ^a}]}]")
    assert theirs["repos"][0]["hooks"][0].keys() == {"id", "files"}


@pytest.mark.parametrize(
    "text", ["", "[]", "repos: [", "repos: [{}]", "repos: 1", "files: 3\nrepos: []"]
)
def test_what_is_no_configuration_is_an_error(text: str) -> None:
    with pytest.raises(DevkitError, match="can't be read") as raised:
        made(text)
    assert PREFIX + hook_config.FILE in str(raised.value)

"""The kit's Git hooks in a repository that may have its own: added, never in place of them."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from devkit.core import git
from devkit.core.paths import KIT
from devkit.kit import blocks

CONFIG = ".pre-commit-config.yaml"
OWN = KIT / "kit" / "hooks.yaml"
OURS, THEIRS, NONE = "ours", "theirs", "none"
LIST = "repos:\n"
PYTHON, TASKS = ".venv-tools/bin/python", "tasks.py"
PAD = 2  # columns before the dashes of the list in OWN


def new_config() -> str:
    """The text of a configuration for a repository that has none."""
    return OWN.read_text(encoding="utf-8")


def lines(pad: str = "", prefix: str = "") -> list[str]:
    """The kit's hooks as an item of the list `repos`, whose dashes are in column `len(pad)`.

    `prefix` is the root's path below Git's top, where pre-commit runs them, with `/` at its end.
    """
    _, _, item = new_config().partition(LIST)
    place = prefix.replace(" ", r"\\ ")  # for sh, in a text of YAML
    below = item.replace(PYTHON, place + PYTHON).replace(TASKS, place + TASKS)
    return [pad + row[PAD:] for row in below.splitlines()]


def with_ours(text: str, prefix: str = "") -> str | None:
    """A configuration with the kit's hooks in a marked block; None if it can't be edited so."""
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    pairs = document.value if isinstance(document, yaml.MappingNode) else ()
    for key, value in pairs:
        if key.value != "repos" or not isinstance(value, yaml.SequenceNode) or value.flow_style:
            continue
        pad = " " * value.start_mark.column
        changed = blocks.put(text, lines(pad, prefix), _end_of(text, value))
        return changed if _adds_only(lines("", prefix), text, changed) else None
    return None


def found(root: Path) -> str:
    """What hooks there are that the kit's have to be added to by hand; empty if there are none."""
    folder = git.ask("config", "--get", "core.hooksPath", root=root).stdout.strip()
    if folder:
        return f"core.hooksPath is {folder}"
    husky = (root / ".husky").is_dir()
    return "husky (.husky/)" if husky else ""


def are_installed(root: Path) -> bool:
    """Whether this clone has a hook that Git runs before a commit."""
    path = git.ask("rev-parse", "--git-path", "hooks/pre-commit", root=root).stdout.strip()
    return (root / path).is_file()


def _end_of(text: str, repos: yaml.SequenceNode) -> int:
    """The number of the line after the last one of the list, without blank lines and comments."""
    rows = text.splitlines()
    end = min(repos.end_mark.line + (1 if repos.end_mark.column else 0), len(rows))
    while end and (not rows[end - 1].strip() or rows[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _adds_only(ours: Sequence[str], before: str, after: str) -> bool:
    """Whether a configuration is as it was, but for one more item at the end of `repos`."""
    try:
        old, new = yaml.safe_load(before), yaml.safe_load(after)
    except yaml.YAMLError:
        return False
    added = yaml.safe_load("\n".join(ours))
    return bool(new == {**old, "repos": [*old["repos"], *added]})

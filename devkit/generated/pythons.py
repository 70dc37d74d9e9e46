"""Writes the supported Python versions of `core/pythons.py` into the files that repeat them."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devkit.core import pyproject, pythons
from devkit.core.errors import FIXABLE, DevkitError, fixable
from devkit.core.paths import KIT, ORCHESTRATOR, ROOT
from devkit.registry import shared
from devkit.registry.team import Team

WORKFLOWS = ROOT / ".github" / "workflows"


@dataclass(frozen=True)
class Mention:
    """A repetition of a version in a file: what the first group of the pattern matches."""

    file: Path
    pattern: str
    text: str


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file that mentions versions, with the current ones; skips missing files."""
    texts: dict[Path, str] = {}
    for mention in mentions(teams):
        if mention.file.exists():
            before = texts.get(mention.file) or mention.file.read_text(encoding="utf-8")
            texts[mention.file] = _replaced(before, mention)
    return texts


def mentions(teams: Sequence[Team]) -> list[Mention]:
    """Every mention of a supported version.

    A team chooses the range of its project; it is only updated if it is the same as that of utils.
    """
    oldest, newest = pythons.OLDEST, pythons.NEWEST
    compact = oldest.replace(".", "")
    found = [
        Mention(KIT / "pyproject.toml", r'target-version = "py(\d+)"', compact),
        Mention(ROOT / "pyproject.toml", r'\npython_version = "([\d.]+)"', oldest),
        Mention(
            ROOT / ".devcontainer/devcontainer.json",
            r"devcontainers/python:[\d.]+-([\d.]+)-",
            pythons.DEPLOYED,
        ),
    ]
    for page in ("README.md", "docs/data-engineer.md"):
        found += [
            Mention(ROOT / page, r"Python ([\d.]+) to [\d.]+\d", oldest),
            Mention(ROOT / page, r"Python [\d.]+ to ([\d.]+\d)", newest),
        ]
    for workflow in sorted(WORKFLOWS.glob("*.yml")):
        found += [
            Mention(workflow, r'python-version: "([\d.]+)"', oldest),
            Mention(workflow, r"\bpython: \[([^\]]*)\]", f'"{oldest}", "{newest}"'),
        ]
    found.append(Mention(WORKFLOWS / "ci.yml", r"python-version: '([\d.]+)'", pythons.DEPLOYED))
    for image in ("Dockerfile", "orchestrator.Dockerfile"):
        file = ROOT / "deploy" / image
        found.append(Mention(file, r"PYTHON_IMAGE=python:([\d.]+)-", pythons.DEPLOYED))
    followers = [KIT, ORCHESTRATOR]
    common = ""
    if utils := shared.library():
        followers.append(utils)
        common = pyproject.read(utils).requires_python
    for team in teams:
        with suppress(*FIXABLE):  # `unreadable` tells
            if common and pyproject.read(team.directory).requires_python == common:
                followers.append(team.directory)
    found += [
        Mention(folder / pyproject.FILE, r'requires-python = "([^"]*)"', pythons.requires_python())
        for folder in dict.fromkeys(followers)
    ]
    return found


def unreadable(teams: Sequence[Team]) -> list[DevkitError]:
    """Why the projects of some teams can't be read: whether they follow utils is not known."""
    found = []
    for team in teams:
        try:
            pyproject.read(team.directory)
        except FIXABLE as error:
            found.append(fixable(error))
    return found


def _replaced(text: str, mention: Mention) -> str:
    def replace(match: re.Match[str]) -> str:
        start, end = (position - match.start() for position in match.span(1))
        return match[0][:start] + mention.text + match[0][end:]

    return re.sub(mention.pattern, replace, text)

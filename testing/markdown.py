"""Reads the pages of the documentation: their blocks, links, headings and commands."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devkit.core.paths import ROOT

SHELLS = ("bash", "sh", "shell", "console")
MARKING = re.compile(r"<!-- (.+) -->")
FENCE = re.compile(r"```(\w*)")
CODE = re.compile(r"(``|`)(.+?)\1", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the comment in the line above it."""

    page: str
    line: int
    language: str
    marking: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Its lines without comments."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if line.strip() and line[0] != "#"]


@dataclass(frozen=True)
class Page:
    """A page by its path from the repository's root."""

    name: str

    @property
    def file(self) -> Path:
        """Its absolute path."""
        return ROOT / self.name

    @property
    def text(self) -> str:
        """Its whole text."""
        return self.file.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """Its text without the fenced blocks."""
        return re.sub(r"^```.*?^```$", "", self.text, flags=re.MULTILINE | re.DOTALL)

    @property
    def blocks(self) -> list[Block]:
        """Its fenced blocks, in order."""
        found: list[Block] = []
        lines = self.text.splitlines()
        opened: int | None = None
        for number, line in enumerate(lines):
            if not line.startswith("```"):
                continue
            if opened is None:
                opened = number
                continue
            above = MARKING.fullmatch(lines[opened - 1])
            language = FENCE.match(lines[opened])
            assert language
            text = "".join(f"{inner}\n" for inner in lines[opened + 1 : number])
            marking = above[1] if above else ""
            found.append(Block(self.name, opened + 1, language[1], marking, text))
            opened = None
        return found

    @property
    def links(self) -> list[str]:
        """The targets of its links and pictures."""
        return LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """The anchors that GitHub generates from its headings."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}

    @property
    def commands(self) -> Iterator[str]:
        """The kit's commands in its blocks, its prose and its tables, with the options in a row."""
        for block in self.blocks:
            if block.language in SHELLS:
                yield from filter(_is_command, block.commands)
        for text in _codes(re.sub(r"^\|.*$", "", self.prose, flags=re.MULTILINE)):
            if _is_command(text):
                yield text
        for row in re.findall(r"^\|.*$", self.prose, re.MULTILINE):
            subject = ""
            for text in _codes(row):
                if _is_command(text):
                    subject = subject or text
                    yield text
                elif subject and re.match(r"--\w", text):
                    yield f"{subject.partition(' -- ')[0]} {text}"


def pages() -> list[Page]:
    """The README, the other pages in the root, and the pages of the documentation."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    files = [*top, *sorted((ROOT / "docs").glob("*.md"))]
    return [Page(str(file.relative_to(ROOT))) for file in files]


def words(command: str) -> tuple[str, list[str]]:
    """The name and the options of `invoke NAME ...`, without another program's after `--`."""
    _, name, *rest = shlex.split(command.replace("python3 tasks.py", "invoke"))
    ours = rest[: rest.index("--")] if "--" in rest else rest
    return name, [word.partition("=")[0] for word in ours if word.startswith("-")]


def symptoms(page: Page) -> list[str]:
    """The messages in the first columns of a page's tables: the cells that consist of code.

    A cell may have several; `… ` in front stands for the beginning of the message.
    """
    cells = re.findall(r"^\| ((?:(``|`)[^|]+?\2(?:, )?)+) \|", page.prose, re.MULTILINE)
    return [text.removeprefix("… ") for cell, _ in cells for _, text in CODE.findall(cell)]


def messages(*folders: Path) -> set[str]:
    """Every string in the code in these folders, with `…` for each value that it interpolates."""
    found: set[str] = set()
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    str(part.value) if isinstance(part, ast.Constant) else "…"
                    for part in node.values
                ]
                found.add("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.sub(r"\{\w*\}(\.\{\w*\})*", "…", node.value))
    return found


def _codes(text: str) -> list[str]:
    """The code spans, each on one line."""
    return [" ".join(code.split()) for _, code in CODE.findall(text)]


def _is_command(text: str) -> bool:
    return re.match(r"(invoke|python3 tasks\.py) [a-z]", text) is not None

"""Asks what only a person can say: once, on a terminal; or takes the answers from a file."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devkit.adoption.model import Question
from devkit.core import output, toml
from devkit.core.errors import DevkitError


@dataclass
class Answers:
    """The answers to the questions of a plan, and the questions that are still open."""

    given: Mapping[str, str]
    interactive: bool = False
    used: dict[str, str] = field(default_factory=dict)
    open: list[Question] = field(default_factory=list)

    def answer(self, question: Question) -> str | None:
        """The answer to a question: from the file, a person, or its default; None if open.

        Raises:
            DevkitError: if the file has an answer that is none of the choices.
        """
        found = self.used.get(question.key) or self.given.get(question.key)
        if found is None and self.interactive:
            found = _asked(question)
        if found is None:
            found = question.default
        elif not _is_valid(question, found):
            raise DevkitError(
                f"the answer to {question.key!r} is not one of the choices",
                expected=", ".join(question.choices),
                found=found,
                fix="correct the file of --answers",
            )
        if found is None:
            self.open.append(question)
        else:
            self.used[question.key] = found
        return found


def read(file: Path) -> dict[str, str]:
    """The answers in a TOML file: `key = "text"`.

    Raises:
        DevkitError: if it can't be read, or an answer is no text.
    """
    document = toml.read(file)
    wrong = [key for key, value in document.items() if not isinstance(value, str)]
    if wrong:
        raise DevkitError(
            f"{file}: the answer to {wrong[0]!r} is no text",
            expected=f'{wrong[0]} = "..."',
            fix=f"edit {file}",
        )
    return document


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _asked(question: Question) -> str:
    place = f"{question.file}:{question.line}: " if question.file else ""
    output.info(f"{place}{question.text}")
    for choice in question.choices:
        output.info(f"  {choice}")
    while True:
        hint = f" [{question.default}]" if question.default else ""
        output.info(f"answer{hint}:")
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt
        answer = line.strip() or (question.default or "")
        if answer and _is_valid(question, answer):
            return answer


def _is_valid(question: Question, answer: str) -> bool:
    parts = [part.strip() for part in answer.split(",")]
    return not question.choices or all(part in question.choices for part in parts)

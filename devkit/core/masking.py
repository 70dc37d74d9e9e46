"""Hides secrets; `output` and all logs show `***` for the values that were registered here."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import quote, quote_plus

from devkit.core.paths import ROOT

MASK = "***"
# Shorter values are switches and numbers: hiding them would make a text unreadable.
SHORTEST = 6

# A string in JSON; group 1 is there if it is the name of a member.
JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?')

_hidden: set[str] = set()
_public: set[str] = set()


def hide(values: Iterable[str]) -> None:
    """Register secret values, and each line of one that has several.

    They are also hidden as Python, JSON and URLs write them, but not encoded as base64: that text
    depends on what is encoded with it.
    """
    _hidden.update(form for value in values for part in _parts(value) for form in _forms(part))
    _pattern.cache_clear()


def show(words: Iterable[str]) -> None:
    """Register words that are no secrets even if a variable has this value: the names of teams."""
    _public.update(words)
    _pattern.cache_clear()


def mask(text: str) -> str:
    """The text with `***` in place of each registered value."""
    pattern = _pattern()
    return pattern.sub(MASK, text) if pattern else text


def mask_json(text: str) -> str:
    """Valid JSON with the values in its strings masked; names of members stay as they are."""
    return JSON_STRING.sub(_masked_string, text)


def _masked_string(found: re.Match[str]) -> str:
    return found[0] if found[1] else json.dumps(mask(json.loads(found[0])))


def _parts(value: str) -> Iterator[str]:
    """The value and its lines, without the white space around them."""
    yield from (part.strip() for part in (value, *value.splitlines()))


def _forms(part: str) -> Iterator[str]:
    """The ways in which a text usually shows this value."""
    if len(part) >= SHORTEST:
        yield from (part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1])
        yield from (repr(part)[1:-1], quote(part, safe=""), quote(part), quote_plus(part))


@cache
def _pattern() -> re.Pattern[str] | None:
    """What matches a secret, the longest first; None if there is none."""
    secrets = {form for form in _hidden if form not in _public and not _is_path(form)}
    longest_first = sorted(secrets, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if secrets else None


def _is_path(value: str) -> bool:
    """Whether it is the checkout's folder or one above: every message would lose its file."""
    return value.startswith("/") and ROOT.is_relative_to(value)

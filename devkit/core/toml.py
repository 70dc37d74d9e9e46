"""Reads TOML files, and writes values as TOML; nothing else does. Standard library only."""

import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import Any

from devkit.core.errors import DevkitError
from devkit.core.files import read_text
from devkit.core.paths import shown


def read(file: Path) -> dict[str, Any]:
    """The document in a TOML file.

    Raises:
        DevkitError: if it is missing, can't be read or is invalid, with the line.
    """
    return parse(read_text(file), file)


def parse(text: str, file: Path) -> dict[str, Any]:
    """The document in the text of a file.

    Raises:
        DevkitError: if it is invalid, with the line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DevkitError(
            f"{shown(file)}: invalid TOML: {error}", fix=f"edit {shown(file)}"
        ) from None


def text(document: dict[str, Any]) -> str:
    """A document as TOML, with a line for each key."""
    return "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in document.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {_value(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return json.dumps(value)  # texts, numbers, true and false are written alike

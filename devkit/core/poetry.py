"""Poetry's tables in pyproject.toml, as far as the kit reads them.

https://python-poetry.org/docs/pyproject
"""

from collections.abc import Iterator, Mapping
from typing import Any

from devkit.core import fields


def dependencies(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The name and the value of each dependency in `[tool.poetry]`, in every group."""
    groups = table.get("group", {})
    for each in [table, *(groups.values() if isinstance(groups, dict) else ())]:
        found = each.get("dependencies", {}) if isinstance(each, dict) else {}
        yield from found.items() if isinstance(found, dict) else ()


def as_specifier(text: str) -> str:
    """A version range of poetry as a specifier (PEP 440); empty if it is none.

    https://python-poetry.org/docs/dependency-specification
    """
    parts = [part.strip() for part in text.split(",")]
    found = []
    for part in parts:
        numbers = part[1:].strip().split(".")
        if part[:1] in ("^", "~") and not part.startswith("~=") and numbers[0].isdigit():
            keep = 1 if part[0] == "^" or len(numbers) == 1 else 2
            upper = [*numbers[: keep - 1], str(int(numbers[keep - 1]) + 1)]
            found += [f">={'.'.join(numbers)}", f"<{'.'.join(upper)}"]
        elif part != "*":
            found.append(f"=={part}" if part[:1].isdigit() else part)
    joined = ",".join(found)
    return joined if fields.is_specifier(joined) else ""

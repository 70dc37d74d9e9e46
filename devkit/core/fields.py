"""The types of the fields of pyproject.toml that the kit reads."""

import re
from collections.abc import Callable

from packaging.specifiers import InvalidSpecifier, SpecifierSet


def _is_strings(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(item, str) for item in found)


def _is_table(found: object) -> bool:
    return isinstance(found, dict)


def _is_text(found: object) -> bool:
    return isinstance(found, str)


def _is_table_of_strings(found: object) -> bool:
    return isinstance(found, dict) and all(map(_is_strings, found.values()))


def _is_table_of_groups(found: object) -> bool:
    return isinstance(found, dict) and all(
        isinstance(group, list) and all(isinstance(item, (str, dict)) for item in group)
        for group in found.values()
    )


def _is_table_of_tables(found: object) -> bool:
    return isinstance(found, dict) and all(map(_is_table, found.values()))


def _is_word(found: object) -> bool:
    return isinstance(found, str) and re.fullmatch(r"[A-Za-z0-9_]+", found) is not None


def _is_path(found: object) -> bool:
    return isinstance(found, str) and not found.startswith("/") and ".." not in found.split("/")


def _is_paths(found: object) -> bool:
    return isinstance(found, list) and all(map(_is_path, found))


def is_specifier(text: object) -> bool:
    """Whether this is a version specifier (PEP 440)."""
    if not isinstance(text, str):
        return False
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _is_true_or_false(found: object) -> bool:
    return isinstance(found, bool)


def _is_seconds(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and found > 0


# The types of the fields that the kit reads, tables before what is in them.
TYPES: dict[tuple[str, ...], tuple[str, Callable[[object], bool]]] = {
    ("project",): ("a table", _is_table),
    ("project", "name"): ("text", _is_text),
    ("project", "version"): ("text", _is_text),
    ("project", "requires-python"): ("a specifier such as '>=3.11'", is_specifier),
    ("project", "dependencies"): ("a list of texts", _is_strings),
    ("project", "optional-dependencies"): ("a table of lists of texts", _is_table_of_strings),
    ("dependency-groups",): ("a table of lists", _is_table_of_groups),
    ("tool",): ("a table", _is_table),
    ("tool", "dagteam"): ("a table", _is_table),
    ("tool", "dagteam", "load-timeout"): ("a number of seconds", _is_seconds),
    ("tool", "dagteam", "external"): ("a list of texts", _is_strings),
    ("tool", "dagteam", "slug"): ("a word of letters, digits and _", _is_word),
    ("tool", "dagteam", "import-root"): ("a path relative to the root", _is_path),
    ("tool", "dagteam", "runs-in"): ("a path relative to the root", _is_path),
    ("tool", "dagteam", "sources"): ("a list of paths relative to the root", _is_paths),
    ("tool", "dagteam", "libraries"): ("a list of paths relative to the root", _is_paths),
    ("tool", "dagteam", "inputs"): ("a list of paths relative to the root", _is_paths),
    ("tool", "dagteam", "tests"): ("a list of paths relative to the root", _is_paths),
    ("tool", "dagteam", "utils"): ("true or false", _is_true_or_false),
    ("tool", "dagteam", "shared"): ("true or false", _is_true_or_false),
    ("tool", "dagteam", "locations"): ("a table of tables", _is_table_of_tables),
    ("tool", "uv"): ("a table", _is_table),
    ("tool", "uv", "sources"): ("a table", _is_table),
}

"""What setup.py and setup.cfg say about a project, as far as it is literal: nothing is run.

https://setuptools.pypa.io/en/latest/references/keywords.html
"""

import ast
import configparser
from contextlib import suppress
from pathlib import Path
from typing import Any

FILES = ("setup.py", "setup.cfg")


def has_project(folder: Path) -> bool:
    """Whether a folder has a project of setuptools without a pyproject.toml."""
    return any((folder / name).is_file() for name in FILES)


def arguments(folder: Path) -> dict[str, Any]:
    """The literal keyword arguments of `setup()`, and those of setup.cfg's that the kit needs.

    Empty if there are none, or the files can't be read: the backend says what is wrong.
    """
    found = _of_config(folder / "setup.cfg")
    with suppress(OSError, SyntaxError, ValueError):
        tree = ast.parse((folder / "setup.py").read_bytes())
        for node in ast.walk(tree):
            name = getattr(node, "func", None)
            if isinstance(node, ast.Call) and "setup" in (
                getattr(name, "id", ""),
                getattr(name, "attr", ""),
            ):
                for keyword in node.keywords:
                    with suppress(ValueError):
                        found[str(keyword.arg)] = ast.literal_eval(keyword.value)
    return found


def _of_config(file: Path) -> dict[str, Any]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}
    found: dict[str, Any] = dict(parser["metadata"]) if parser.has_section("metadata") else {}
    if parser.has_option("options", "python_requires"):
        found["python_requires"] = parser["options"]["python_requires"]
    if parser.has_section("options.extras_require"):
        extras = parser["options.extras_require"]
        found["extras_require"] = {name: text.split("\n") for name, text in extras.items()}
    return found

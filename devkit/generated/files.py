"""The list of generated files.

Generators are pure: they return texts by path. Only `stale` reads files and only `write` writes.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.generated import compose, dagster_plus, editors, helm, pythons
from devkit.registry.workspace import Team

GENERATORS: tuple[Callable[[Sequence[Team]], dict[Path, str]], ...] = (
    editors.files,
    dagster_plus.files,
    helm.files,
    compose.files,
    pythons.files,
)


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file that is generated from the registry, by its path."""
    return {path: text for generate in GENERATORS for path, text in generate(teams).items()}


def stale(texts: Mapping[Path, str]) -> list[Path]:
    """The files that are missing or have a different text."""
    return [
        path
        for path, text in texts.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def write(texts: Mapping[Path, str]) -> None:
    """Write the stale files, and print their paths."""
    written = stale(texts)
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
        output.info(f"wrote {path.relative_to(ROOT)}")
    if not written:
        output.info("generated files are up to date")


def require_fresh(texts: Mapping[Path, str]) -> None:
    """Require that no file is stale.

    Raises:
        DevkitError: naming the stale files.
    """
    if found := stale(texts):
        names = ", ".join(str(path.relative_to(ROOT)) for path in found)
        raise DevkitError(f"out of date: {names}", fix="invoke derive")

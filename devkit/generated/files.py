"""The list of generated files.

Generators are pure: they return texts by path. Only `stale` reads files and only `write` writes.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.core.files import replace_text
from devkit.core.paths import ROOT
from devkit.generated import compose, dagster_plus, editors, helm, pythons
from devkit.kit import record
from devkit.registry.team import Team

Generator = Callable[[Sequence[Team]], dict[Path, str]]

# By group. A repository that has adopted the kit has those that it wants: see `take_over`.
GENERATORS: Mapping[str, Generator] = {
    "editors": editors.files,
    "cloud": dagster_plus.files,
    "helm": helm.files,
    "compose": compose.files,
    "pythons": pythons.files,
}


MARKER = "`invoke derive`"  # at the top of every file that is generated as a whole
TOP = 300  # characters


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file that is generated from the registry and wanted here, by its path."""
    wanted = [generate for group, generate in GENERATORS.items() if record.wants(group)]
    return {path: text for generate in wanted for path, text in generate(teams).items()}


def stale(texts: Mapping[Path, str]) -> list[Path]:
    """The files that are missing or have a different text."""
    return [path for path, text in texts.items() if _current(path) != text]


def put(path: Path, text: str) -> None:
    """Write a file in one step, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, text)


def write(texts: Mapping[Path, str], put: Callable[[Path, str], None] = put) -> None:
    """Write the stale files with `put`, and print their paths.

    Raises:
        DevkitError: if one would replace a file that somebody wrote; nothing is written then.
    """
    written = stale(texts)
    if own := [path for path in written if _is_generated(texts[path]) and _is_own(path)]:
        names = ", ".join(str(path.relative_to(ROOT)) for path in own)
        raise DevkitError(
            f"not overwritten, since `invoke derive` did not write it: {names}",
            expected=f"no file, or one that says {MARKER} at its top",
            fix="move it away, then invoke derive; it is never merged with the generated one",
        )
    for path in written:
        put(path, texts[path])
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


def _current(path: Path) -> str | None:
    """A file's text, in which other bytes than UTF-8 are marked; None if it does not exist."""
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None


def _is_generated(text: str) -> bool:
    return MARKER in text[:TOP]


def _is_own(path: Path) -> bool:
    """Whether a file has a text that was not generated."""
    text = _current(path)
    return bool(text and text.strip()) and not _is_generated(text or "")

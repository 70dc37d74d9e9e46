"""The first lock of a project that had other pins before: it keeps them.

`adopt` leaves the pins that a repository has in `.dagteam/constraints/<project>.txt`, in pip's
format of constraints. As preferences, uv drops those of a Python that the project excludes, so they
are constraints; the ones that can't be kept are released, and named.
"""

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.core.paths import STATE
from devkit.environments.project import Project

FOLDER = STATE / "constraints"
MAX_ATTEMPTS = 20
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def file_of(name: str) -> Path:
    """The file with the pins that a project had."""
    return FOLDER / f"{name}.txt"


def resolve(
    project: Project, compiled: Callable[[Sequence[str]], str], flags: Sequence[str]
) -> str:
    """The resolved pins; `compiled` resolves with further options of uv.

    Former pins count as long as the project has no lock. They are forgotten once they are used.

    Raises:
        DevkitError: if there is no solution without them either.
    """
    file = file_of(project.name)
    if not file.is_file() or project.local.exists():
        return compiled(flags)
    pins = {line: _name(line) for line in file.read_text(encoding="utf-8").splitlines() if line}
    for _ in range(MAX_ATTEMPTS):
        try:
            text = _constrained(compiled, flags, [*pins])
        except DevkitError as error:
            named = {canonicalize_name(word) for word in WORD.findall(str(error))}
            conflicting = [line for line, name in pins.items() if name in named]
            if not conflicting:
                break
            for line in conflicting:
                output.warn(f"{project.name}: the pin {line} can't be kept")
                del pins[line]
        else:
            return text
    return compiled(flags)


def _constrained(
    compiled: Callable[[Sequence[str]], str], flags: Sequence[str], pins: Sequence[str]
) -> str:
    with tempfile.TemporaryDirectory(prefix="dagteam-pins-") as scratch:
        file = Path(scratch) / "constraints.txt"
        file.write_text("\n".join([*pins, ""]), encoding="utf-8")
        return compiled([*flags, "--constraints", str(file)])


def _name(line: str) -> str:
    found = WORD.match(line)
    return canonicalize_name(found[0] if found else line)

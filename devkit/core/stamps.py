"""Stamps: files that record what something was built from, to notice when it is stale.

A stamp is a JSON object of named parts, written when the build is complete. Standard library
only, in syntax that old Pythons understand: `bootstrap` needs it.
"""

import hashlib
import json
from pathlib import Path
from typing import Dict, Iterable, Optional

from devkit.core.files import replace_text

MISSING = "missing"  # instead of a part's name: there is no readable stamp


def write(stamp: Path, parts: Dict[str, str]) -> None:
    """Record the parts, replacing the previous stamp.

    Raises:
        OSError: if it can't be written.
    """
    replace_text(stamp, json.dumps(parts, indent=1) + "\n")


def read(stamp: Path) -> Dict[str, str]:
    """The recorded parts; empty if there is no readable stamp."""
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def changed_part(stamp: Path, parts: Dict[str, str]) -> Optional[str]:
    """The name of the first part that differs from the stamp; None if all agree.

    MISSING if there is no readable stamp.
    """
    found = read(stamp)
    if not found:
        return MISSING
    return next((name for name, wanted in parts.items() if found.get(name) != wanted), None)


def digest(files: Iterable[Path]) -> str:
    """SHA-256 of the contents of some files, in order; a missing file counts as `-`."""
    hashed = hashlib.sha256()
    for file in files:
        hashed.update(file.read_bytes() if file.exists() else b"-")
    return hashed.hexdigest()

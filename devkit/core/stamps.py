"""Stamps: files that record what something was made from, so that stale is noticed.

A stamp is a JSON object of named parts, written last. Standard library only, in words that an
old Python can read: `bootstrap` needs it.
"""

import hashlib
import json
from pathlib import Path
from typing import Dict, Iterable, Optional

from devkit.core.files import replace_text

MISSING = "missing"  # in place of a part's name: there is no stamp, or half of one


def write(stamp: Path, parts: Dict[str, str]) -> None:
    """Record the parts, replacing what was recorded before.

    Raises:
        OSError: if it can't be written.
    """
    replace_text(stamp, json.dumps(parts, indent=1) + "\n")


def read(stamp: Path) -> Dict[str, str]:
    """The recorded parts; none if there is no stamp that can be read."""
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def changed_part(stamp: Path, parts: Dict[str, str]) -> Optional[str]:
    """The name of the first part that differs from the stamp; None if all agree.

    MISSING if there is no stamp that can be read.
    """
    found = read(stamp)
    if not found:
        return MISSING
    return next((name for name, wanted in parts.items() if found.get(name) != wanted), None)


def digest(files: Iterable[Path]) -> str:
    """SHA-256 of the contents of some files, one after the other; one may be missing."""
    told = hashlib.sha256()
    for file in files:
        told.update(file.read_bytes() if file.exists() else b"-")
    return told.hexdigest()

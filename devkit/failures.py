"""Says in one sentence why a download or an installation failed.

Standard library only, and readable by old Pythons: `bootstrap` needs it before there is
an environment.
"""

import re
from typing import Optional

# What pip, venv and uv print, and what it means to the person in front of it. The first
# match wins: a full disk also looks like a failed download.
SENTENCES = (
    (
        r"No space left on device|database or disk is full|os error (28|122)\b|Disk quota exceeded",
        "The disk is full: free some space (`uv cache clean` may), then run the command again.",
    ),
    (
        r"Permission denied|os error (13|30)\b|Read-only file system",
        "This user may not write there: check who owns the checkout and the cache folder.",
    ),
    (
        r"ensurepip is not|No module named '?(venv|ensurepip)",
        "This Python has no venv module: install it (on Debian and Ubuntu: "
        "`sudo apt install python3-venv`), then run the command again.",
    ),
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES|Hash mismatch",
        "A downloaded package is not the one that the lock names (its hash differs): "
        "nothing was installed. Ask who changed the package index before you change the lock.",
    ),
    (
        r"dns error|error sending request|NewConnectionError|Failed to establish a new connection"
        r"|Connection refused|Network is unreachable|tunnel error|No address associated"
        r"|Temporary failure in name resolution|Could not connect|timed out"
        r"|Max retries exceeded|Failed to fetch",
        "No network: the package index can't be reached. Connect (or set your proxy or mirror), "
        "then run the command again.",
    ),
)


def explain(output: str) -> Optional[str]:
    """The sentence for what a failed pip, venv or uv printed; None for the unexpected."""
    for pattern, sentence in SENTENCES:
        if re.search(pattern, output, re.IGNORECASE):
            return sentence
    return None

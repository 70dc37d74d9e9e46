"""The environment variables of child processes.

Standard library only, in words that an old Python can read: `bootstrap` needs it.
"""

import os
from typing import Dict

# Variables of the calling shell that would let one Python environment see another.
LEAKS = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


def clean_environment() -> Dict[str, str]:
    """The calling shell's variables without those that point into another Python environment."""
    return {name: value for name, value in os.environ.items() if name not in LEAKS}

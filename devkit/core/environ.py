"""The environment variables of child processes.

Standard library only, in syntax that old Pythons understand: `bootstrap` needs it.
"""

import os
from typing import Dict

# Variables through which one Python environment would see another.
LEAKS = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


def clean_environment() -> Dict[str, str]:
    """The variables of this process without those that point into another Python environment."""
    return {name: value for name, value in os.environ.items() if name not in LEAKS}

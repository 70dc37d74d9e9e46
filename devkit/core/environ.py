"""The environment variables of child processes.

Standard library only, in syntax that old Pythons understand: `bootstrap` needs it.
"""

import os
from typing import Dict

# Variables through which one Python environment would see another.
LEAKS = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


# A proxy is for the way out of this machine: what is asked here is asked directly.
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
NO_PROXY = ("no_proxy", "NO_PROXY")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def clean_environment() -> Dict[str, str]:
    """The variables of this process without those that point into another Python environment.

    Where there is a proxy, with this machine among what is asked without it.
    """
    clean = {name: value for name, value in os.environ.items() if name not in LEAKS}
    if any(name.lower() in PROXIES and clean[name] for name in clean):
        for name in NO_PROXY:
            known = [host.strip() for host in clean.get(name, "").split(",") if host.strip()]
            clean[name] = ",".join([*known, *(host for host in LOOPBACK if host not in known)])
    return clean

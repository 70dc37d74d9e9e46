"""Runs a module as `python -m MODULE` does, with less garbage collection. Standard library only.

    python run_module.py MODULE [ARGUMENT ...]

Garbage is collected after 50,000 new objects instead of 700: objects that imports create stay,
and scanning them took a fifth of the time.
"""

import gc
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    gc.set_threshold(50_000)
    del sys.argv[0]
    if sys.path and sys.path[0] == str(Path(__file__).parent):
        sys.path[0] = ""  # the current folder, as with -m
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

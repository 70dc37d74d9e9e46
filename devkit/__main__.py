"""The program that runs the commands: invoke, with this kit's `--list` and version.

`bootstrap` starts this file in `.venv-tools`, with `python -P`: nothing is imported from the
folder that the user happens to be in.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from devkit import bootstrap
from devkit.cli import Commands

if __name__ == "__main__":
    bootstrap.entered = True
    Commands().run()

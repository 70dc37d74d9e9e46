"""The program that runs the commands: invoke, with this kit's `--list` and version.

`bootstrap` starts this file in `.venv-tools`, with `python -P`: nothing is imported from the
folder that the user happens to be in.
"""

import os
import signal
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from devkit import bootstrap
from devkit.cli import Commands
from devkit.core import output, parallel

if __name__ == "__main__":
    bootstrap.entered = True
    output.show_everything()
    try:
        Commands().run()
        sys.stdout.flush()
    except SystemExit as end:
        if parallel.left_running():  # Python would wait for it
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else 1)
        raise
    except BrokenPipeError:  # `invoke --list | head`: the reader has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)

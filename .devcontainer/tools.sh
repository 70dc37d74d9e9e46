#!/bin/sh
# Makes the tools' environment, from which the other hooks run.
set -eu

# The checkout outlives the container, so the tools in it may be those of an older Python.
.venv-tools/bin/python -c 'import invoke' 2>/dev/null || rm -rf .venv-tools
python3 tasks.py --list >/dev/null

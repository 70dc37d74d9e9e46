#!/bin/sh
# Builds the tools' environment, which the other hooks use.
set -eu

# The checkout outlives the container, so its tools may have been built with an older Python.
.venv-tools/bin/python -c 'import invoke' 2>/dev/null || rm -rf .venv-tools
python3 tasks.py --list >/dev/null

"""Prints a team's `.env` as a Kubernetes Secret, for `kubectl apply -f -`.

Usage: `python deploy/secret.py NAME FILE`. It reads the file as a developer's machine and a host's
images do; `kubectl create secret --from-env-file` does not know quotes, `export`, comments after a
value, or values of several lines. A `${NAME}` in a value stands for a variable of the same file.
"""

import json
import os
import re
import sys
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream


def secret(name: str, file: Path) -> dict[str, object]:
    """The Secret, as an object of Kubernetes."""
    with file.open(encoding="utf-8") as stream:
        for binding in parse_stream(stream):
            if binding.error:
                sys.exit(f"{file}, line {binding.original.line}: not NAME=value")
    os.environ.clear()  # else a ${HOME} would be this machine's
    values = {key: text for key, text in dotenv_values(file).items() if text is not None}
    if wrong := [key for key in values if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key)]:
        sys.exit(f"{file}: not the name of a variable: {', '.join(wrong)}")
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values}


def main(name: str, file: str) -> None:
    """Print it, unless there is no such file."""
    if not Path(file).is_file():
        sys.exit(f"{file} not found\n  fix:      create it; it may be empty")
    json.dump(secret(name, Path(file)), sys.stdout, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])

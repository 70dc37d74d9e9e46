"""Adds a container's secrets to the environment, then executes its command.

Usage: `entrypoint.py dagster ...`. Secrets are files, so no image, no `docker inspect` and no
record of a run contains them: the team's variables, in a `.env` that only that team's containers
have, and the password of the database. Without these files, as on Kubernetes, nothing is added.

It also warns if Compose publishes the UI, which has no login, to other machines.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path

from dotenv import dotenv_values

SECRETS = Path("/run/secrets")
TEAM = "team"
# The file with the database's password, and the variable that dagster.yaml reads it from.
DATABASE_FILE = "postgres_password"
DATABASE_VARIABLE = "DAGSTER_PG_PASSWORD"


def secrets(folder: Path) -> dict[str, str]:
    """The variables that the files in a folder define.

    Raises:
        PermissionError: if a file exists but can't be read: without it, the code would fail only
            much later.
    """
    found: dict[str, str] = {}
    file = folder / TEAM / ".env"
    if _exists(file):
        file.read_bytes()
        found |= {name: text for name, text in dotenv_values(file).items() if text is not None}
    if _exists(folder / DATABASE_FILE):
        found[DATABASE_VARIABLE] = (folder / DATABASE_FILE).read_text(encoding="utf-8").strip()
    return found


def warning(command: list[str], address: str) -> str | None:
    """What to know about a webserver that is published on this address of the host."""
    if Path(command[0]).name != "dagster-webserver" or _is_loopback(address):
        return None
    return (
        f"WARNING: the UI has no login and is published on {address}\n"
        "  whoever reaches this address can start, change and delete everything\n"
        "  fix:      unset DAGTEAM_ADDRESS, and put a proxy with a login in front of 127.0.0.1"
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"


def _exists(file: Path) -> bool:
    """Whether a file exists; unlike `Path.exists`, raises PermissionError for a closed folder."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def main(command: list[str]) -> None:
    """Execute the command. The files override the environment, as a team's `.env` does."""
    try:
        found = secrets(SECRETS)
    except PermissionError as error:
        sys.exit(
            f"{error.filename} can't be read\n"
            f"  expected: a file that user {os.getuid()} of this container can read\n"
            "  fix:      on the host, chmod -R a+rX deploy/secrets/*"
        )
    # Unset outside of Compose, where another tool publishes the UI, or none.
    if note := warning(command, os.environ.get("DAGTEAM_ADDRESS", "127.0.0.1")):
        sys.stderr.write(f"{note}\n")
        sys.stderr.flush()
    os.execvpe(command[0], command, {**os.environ, **found})  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])

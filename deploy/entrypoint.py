"""Give a container's command its secrets, then become that command: `entrypoint.py dagster ...`.

They come as files, so that they are in no image, in no answer of `docker inspect` and in no record
of a run: the team's variables in the `.env` of a folder that only that team's containers have, and
the password of the database. Where there are no such files, as on Kubernetes, nothing is added.
"""

import os
import sys
from pathlib import Path

from dotenv import dotenv_values

SECRETS = Path("/run/secrets")
TEAM = "team"
# The file that the database's password is in, and where dagster.yaml looks for it.
DATABASE_FILE = "postgres_password"
DATABASE_VARIABLE = "DAGSTER_PG_PASSWORD"


def secrets(folder: Path) -> dict[str, str]:
    """The variables that the files below a folder define.

    Raises:
        PermissionError: for what is there and can't be read; it would be missed only much later.
    """
    found: dict[str, str] = {}
    file = folder / TEAM / ".env"
    if _is_there(file):
        file.read_bytes()
        found |= {name: text for name, text in dotenv_values(file).items() if text is not None}
    if _is_there(folder / DATABASE_FILE):
        found[DATABASE_VARIABLE] = (folder / DATABASE_FILE).read_text().strip()
    return found


def _is_there(file: Path) -> bool:
    """Unlike `Path.exists`, this does not take a folder that can't be looked into for empty."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def main(command: list[str]) -> None:
    """Become the command. What the files say wins, as a team's `.env` does in development."""
    try:
        found = secrets(SECRETS)
    except PermissionError as error:
        sys.exit(
            f"{error.filename} can't be read\n"
            f"  expected: a file that user {os.getuid()} of this container can read\n"
            "  fix:      on the host, chmod -R a+rX deploy/secrets/*"
        )
    os.execvpe(command[0], command, {**os.environ, **found})  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])

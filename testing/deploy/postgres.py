"""A real PostgreSQL for tests: started, killed, started again."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import pytest

from testing.platform import free_port, until
from testing.support import run

PASSWORD = token_hex()
ACCOUNT = "nobody"  # root is not allowed to run PostgreSQL


class Postgres:
    """A server on 127.0.0.1 with its data in a folder; `environ` is what Dagster is told of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.environ = {
            "DAGSTER_PG_HOST": "127.0.0.1",
            "DAGSTER_PG_PORT": str(self.port),
            "DAGSTER_PG_USERNAME": "dagster",
            "DAGSTER_PG_PASSWORD": PASSWORD,
            "DAGSTER_PG_DB": "postgres",
        }
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT)
        options = ("--username", "dagster", "--auth", "scram-sha-256", "--pwfile", "password")
        data = ("--pgdata", str(folder / "data"), "--no-sync")
        done = run([*self._as_somebody(), program("initdb"), *options, *data], folder)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start it, and wait until it answers."""
        listen = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}")
        settings = [word for setting in listen for word in ("-c", setting)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_somebody(), program("postgres"), "-D", str(self._folder / "data"),
                 "-p", str(self.port), *settings],
                cwd=self._folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        ready = (program("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q")
        until(lambda: run(ready, self._folder).returncode == 0, 60, "PostgreSQL answers")

    def kill(self) -> None:
        """End it at once, and all of its processes."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @staticmethod
    def _as_somebody() -> list[str]:
        return ["setpriv", f"--reuid={ACCOUNT}", "--clear-groups"] if os.geteuid() == 0 else []


def program(name: str) -> Path:
    """One of PostgreSQL's programs, of its newest version here; skips the test without one."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found:
        return found[-1]
    if on_path := shutil.which(name):
        return Path(on_path)
    pytest.skip("no PostgreSQL: on Debian and Ubuntu `sudo apt-get install postgresql` brings it")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that runs; afterwards nothing is left of it.

    Its folder is not pytest's, into which only the user that runs the tests may look.
    """
    with tempfile.TemporaryDirectory(prefix="dagteam-postgres-") as folder:
        server = Postgres(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()

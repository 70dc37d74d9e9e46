"""Interpreters that have imported Dagster already: one for each environment, forked for each load.

Tests of what definitions mean load hundreds of tiny locations; importing Dagster for each takes
longer than all the rest. Tests of the loading itself start interpreters as the kit does.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from devkit.core import processes
from devkit.core.environ import clean_environment
from devkit.core.processes import Completed
from devkit.definitions import loading

SERVER = Path(__file__).with_name("fork_server.py")


class Interpreters:
    """Forks a warm interpreter for the loading of definitions; starts anything else as usual."""

    def __init__(self) -> None:
        self._servers: dict[str, tuple[subprocess.Popen[bytes], socket.socket]] = {}
        self._guard = threading.Lock()
        self._cold = processes.run

    def run(
        self, argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], **options: Any
    ) -> Completed:
        """Run a program to its end, as `processes.run`."""
        python, *arguments = map(str, argv)
        usual = not options or options == {
            "timeout": loading.DEFAULT_LIMIT_SECONDS,
            "grace": processes.GRACE_SECONDS,
        }
        probes = arguments[:1] == [str(loading.PROBE)] and usual
        if not probes or sys.platform != "linux":  # elsewhere, such a socket or fork is missing
            return self._cold(argv, cwd=cwd, env=env, **options)
        request = {"argv": arguments, "cwd": str(cwd), "env": dict(env)}
        with ExitStack() as stack:
            stdin = stack.enter_context(Path(os.devnull).open("rb"))
            pipes = [os.pipe() for _ in range(3)]
            readers = [stack.enter_context(os.fdopen(reader, "rb")) for reader, _ in pipes]
            writers = [writer for _, writer in pipes]
            with self._guard:
                server = self._server(python)
                text = json.dumps(request).encode()
                socket.send_fds(server, [text], [stdin.fileno(), *writers])
            for writer in writers:
                os.close(writer)
            printed: list[str] = ["", "", ""]

            def read(number: int) -> None:
                printed[number] = readers[number].read().decode(errors="replace")

            threads = [threading.Thread(target=read, args=[number]) for number in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            out, err, code = printed
            return Completed(int(code), out, err)

    def close(self) -> None:
        """End the interpreters."""
        for process, server in self._servers.values():
            server.close()
            process.wait()

    def _server(self, python: str) -> socket.socket:
        if python not in self._servers:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                command = [python, "-P", str(SERVER)]
                process = subprocess.Popen(
                    command, stdin=theirs.fileno(), env=clean_environment(), start_new_session=True
                )
            self._servers[python] = process, ours
        return self._servers[python][1]

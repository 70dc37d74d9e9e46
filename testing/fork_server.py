"""Runs in a team's interpreter: imports Dagster once, and forks for every request.

A request on standard input, a socket, is the program with its arguments, folder and variables, as
JSON, with four file descriptors: the program's standard streams, and where its exit code goes.
"""

import contextlib
import gc
import json
import os
import runpy
import signal
import socket
import sys
from typing import Any

MAX_REQUEST = 1 << 20


def main() -> None:
    """Serve until the other end is closed."""
    import dagster  # noqa: F401 (what takes so long)

    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=0) as requests:
        while True:
            text, descriptors, _, _ = socket.recv_fds(requests, MAX_REQUEST, 4)
            if not text:
                return
            if not os.fork():
                requests.detach()
                watch(json.loads(text), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)


def watch(request: dict[str, Any], descriptors: list[int]) -> None:
    """Fork the program, and write its exit code when it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, result = descriptors
    program = os.fork()
    if not program:
        os.close(result)
        os._exit(run(request, streams))
    for descriptor in streams:
        os.close(descriptor)
    _, status = os.waitpid(program, 0)
    os.write(result, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def run(request: dict[str, Any], streams: list[int]) -> int:
    """Run the program in this process, as an interpreter of its own would."""
    os.setsid()
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[:] = request["argv"]
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    code = 1
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()

"""Runs a real `invoke dev` for tests, queries it by GraphQL, and leaves no process behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psutil

from devkit.core.paths import ROOT
from devkit.dev import session, webserver
from devkit.registry.workspace import load_teams
from testing import linked, sandbox
from testing.support import Checkout, borrow_tools, copy_repository, run

ASSETS = """
{ repositoriesOrError { ... on RepositoryConnection { nodes {
    location { name } assetNodes { assetKey { path } description }
} } } }
"""
ENTRIES = """
{ workspaceOrError { ... on Workspace { locationEntries {
    name locationOrLoadError { __typename ... on PythonError { message } }
} } } }
"""
LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}
"""
RUN = "query Run($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
TERMINATE = "mutation End($id: String!) { terminateRun(runId: $id) { __typename } }"

LONG_JOB = """

@dg.op(out=dg.Out(io_manager_key="in_memory"))
def wait_for_it(context: dg.OpExecutionContext) -> None:
    import os, time
    from pathlib import Path
    Path(os.environ["TEST_FOLDER"], "began").touch()
    while not Path(os.environ["TEST_FOLDER"], "go").exists():
        time.sleep(0.1)


@dg.job(executor_def=dg.in_process_executor, resource_defs={"in_memory": dg.mem_io_manager})
def long_job() -> None:
    wait_for_it()
"""

# For this repository, however many teams it has, or a copy of it.
TEAMS = len(load_teams(ROOT))
ALL_LOADED = f"{TEAMS} of {TEAMS} locations loaded"
ONE_NOT_LOADED = f"{TEAMS - 1} of {TEAMS} locations loaded"

T = TypeVar("T")


class Asked(Protocol):
    """A platform that answers GraphQL queries, however it was started."""

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL query or mutation; returns its data."""


def free_port() -> int:
    """A port that no program listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(get: Callable[[], T | None], seconds: float, what: str) -> T:
    """Call `get` until it returns something other than None or False; fail after `seconds`.

    An OSError counts as None. `what` describes the condition, for the error. Asks less and less
    often: a platform that answers takes the time that it needs to get there.
    """
    deadline = time.monotonic() + seconds
    pause = 0.1
    while time.monotonic() < deadline:
        with suppress(OSError):  # it is starting, or restarting
            if (answer := get()) is not None and answer is not False:
                return answer
        time.sleep(pause)
        pause = min(pause * 1.3, 0.8)
    raise AssertionError(f"timed out after {seconds:.0f} s: {what}")


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process with this DAGSTER_HOME in its environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it may end at any moment
            ours = process.environ().get("DAGSTER_HOME") == str(home)
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


class Dev:
    """A running `invoke dev`; `text` is what it has printed so far.

    `command` is run instead, in a shell, if given; it may use `$PORT`.
    """

    def __init__(
        self,
        home: Path,
        *arguments: str,
        root: Path = ROOT,
        command: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        port = str(self.port)
        argv = [sys.executable, "tasks.py", "dev", "--port", port, *arguments]
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", command] if command else argv,
            cwd=root,
            env={**environ, "DAGSTER_HOME": str(home), "PORT": port},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that it has printed."""
        return "".join(self._lines)

    def wait_for(self, text: str, seconds: float = 90, since: int = 0) -> None:
        """Wait until it prints a text, after its first `since` characters."""

        def seen() -> bool:
            if self.process.poll() is not None and text not in self.text[since:]:
                raise AssertionError(f"it ended before {text!r}:\n{self.text}")
            return text in self.text[since:]

        try:
            until(seen, seconds, f"it prints {text!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text[since:]}") from None

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL query or mutation; returns its data."""
        return webserver.ask(self.url, query, variables)

    def stop(self, sign: signal.Signals = signal.SIGINT, seconds: float = 15) -> int:
        """Send one signal; returns the exit code."""
        self.process.send_signal(sign)
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def left_over(self) -> list[psutil.Process]:
        """The running processes with its DAGSTER_HOME."""
        return processes_of(self.home)

    def close(self) -> None:
        """Close its output, once it has ended."""
        assert self.process.stdout
        self._reader.join(5)
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        self._lines.extend(iter(self.process.stdout.readline, ""))


@contextmanager
def dev(
    home: Path,
    *arguments: str,
    root: Path = ROOT,
    command: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Dev]:
    """Run `invoke dev`; afterwards none of its processes runs, whatever happens."""
    running = Dev(home, *arguments, root=root, command=command, environ=environ)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        for process in processes_of(home):
            with suppress(psutil.Error):
                process.kill()
        for folder in session.find_socket_folders(stale=True, root=root):
            shutil.rmtree(folder, ignore_errors=True)
        running.close()


def descriptions(platform: Asked) -> dict[str, str | None]:
    """The description of every asset, by `location/name`."""
    nodes = platform.ask(ASSETS)["repositoriesOrError"].get("nodes", [])
    return {
        f"{node['location']['name']}/{asset['assetKey']['path'][-1]}": asset["description"]
        for node in nodes
        for asset in node["assetNodes"]
    }


def load_errors(platform: Asked) -> dict[str, str | None]:
    """The load error, or None, of each location that the webserver knows."""
    entries = platform.ask(ENTRIES)["workspaceOrError"]["locationEntries"]
    return {e["name"]: (e["locationOrLoadError"] or {}).get("message") for e in entries}


def known(platform: Asked) -> set[str]:
    """The locations that the webserver knows; empty while it does not answer."""
    try:
        return set(load_errors(platform))
    except OSError:
        return set()


def existing(file: Path) -> Path | None:
    """The file, or None if it does not exist."""
    return file if file.exists() else None


def launch(platform: Asked, job: str, location: str) -> str:
    """Launch a job; returns the id of its run."""
    selector = {"repositoryLocationName": location, "repositoryName": "__repository__"}
    params = {"mode": "default", "selector": {**selector, "jobName": job}}
    answer = platform.ask(LAUNCH, params=params)["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    run_id: str = answer["run"]["runId"]
    return run_id


def status(platform: Asked, run_id: str) -> str:
    """The status of a run, such as `STARTED`."""
    found: str = platform.ask(RUN, id=run_id)["runOrError"]["status"]
    return found


def prepared_home(copy: Checkout, home: Path) -> Path:
    """A DAGSTER_HOME with databases: those of a copy's own, in which there is no run.

    Creating them takes seconds. The first command of README.md does it, in a fresh clone.
    """
    shutil.copytree(copy.root / ".dagster_home", home, symlinks=True)
    return home


def ready_copy(folder: Path) -> Checkout:
    """Create a copy of the repository, with its environments built."""
    copy = copy_repository(folder)
    borrow_tools(copy)
    linked.prepare(ROOT, copy.root)
    sandbox.inherit(ROOT, copy.root)
    # The scheduled job is tested elsewhere; here its runs would only slow down the machine.
    copy.edit("analytics_project/analytics_project/defs/schedules.py", "RUNNING", "STOPPED")
    argv = ["git", "commit", "--quiet", "--all", "--no-verify", "--message", "Stop the schedule"]
    assert run(argv, folder, sandbox.GIT_SETTINGS).returncode == 0
    done = copy.tasks("setup")
    assert done.returncode == 0, done.stdout + done.stderr
    return copy

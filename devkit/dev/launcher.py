"""Launches the services of a platform: each one's command, variables, log and shown lines."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from devkit.core.environ import clean_environment
from devkit.core.paths import ROOT
from devkit.dev import dagster_cli, debugger, home, session
from devkit.dev.service import ANSI_SGR, OnEvent, Reaper, Service, SupervisedProcess
from devkit.environments import variables
from devkit.registry.workspace import Team


class Launcher:
    """Makes services that share a DAGSTER_HOME, a reaper and a place for their logs."""

    def __init__(self, where: Path, on_event: OnEvent, debug: Team | None = None) -> None:
        """`where` is DAGSTER_HOME; `on_event` gets what a terminal shows.

        `debug` is the team whose code server a debugger can attach to.
        """
        self._debug = debug
        self.reaper = Reaper()
        self.logs = home.state_folder(where) / "logs"
        self.logs.mkdir(exist_ok=True)
        self.workspace = home.state_folder(where) / "workspace.yaml"
        self._on_event = on_event
        self._common = {
            "DAGSTER_HOME": str(where),
            "PYTHONUNBUFFERED": "1",
            session.MARK: session.mark(),
        }

    def webserver(self, host: str, port: int) -> SupervisedProcess:
        """The UI on the locations of the workspace file."""
        return self._orchestrator_service(
            "webserver", dagster_cli.webserver(self.workspace, host, port)
        )

    def daemon(self) -> SupervisedProcess:
        """Schedules, sensors and the run queue on the locations of the workspace file."""
        return self._orchestrator_service("daemon", dagster_cli.daemon(self.workspace))

    def code_server(
        self,
        team: Team,
        argv: Sequence[str],
        env: dict[str, str],
        on_exit: Callable[[], Awaitable[None]],
    ) -> SupervisedProcess:
        """A team's code server; `on_exit` is awaited when it has crashed."""
        secrets = variables.secrets_of(team)
        if team == self._debug:
            argv = debugger.listening(argv)
        return self._supervise(team.location, argv, team.directory, env, secrets, on_exit)

    def _orchestrator_service(self, name: str, argv: Sequence[str]) -> SupervisedProcess:
        env = {**clean_environment(), **dagster_cli.QUIET}
        return self._supervise(name, argv, ROOT, env)

    def _supervise(
        self,
        name: str,
        argv: Sequence[str],
        cwd: Path,
        env: dict[str, str],
        secrets: Sequence[str] = (),
        on_exit: Callable[[], Awaitable[None]] | None = None,
    ) -> SupervisedProcess:
        log = self.logs / f"{name}.log"
        with contextlib.suppress(OSError):  # a full disk: said when it is written to
            log.write_text("")
        log_filter = dagster_cli.LogFilter()

        def show(name: str, line: str) -> None:
            if not log_filter.hides(ANSI_SGR.sub("", line)):
                self._on_event(name, line)

        service = Service(name, argv, cwd, {**env, **self._common}, log, secrets)
        return SupervisedProcess(
            service, self.reaper, on_event=self._on_event, on_line=show, on_exit=on_exit
        )

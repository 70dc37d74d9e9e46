"""Creates the services of a platform: command, variables, log and shown lines of each."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from devkit.core.environ import clean_environment
from devkit.core.paths import ROOT
from devkit.dev import dagster_cli, debugger, home, session
from devkit.dev.options import Options
from devkit.dev.service import ANSI_SGR, OnEvent, OnExit, Reaper, Service, SupervisedProcess
from devkit.environments import variables
from devkit.registry.workspace import Team


class Launcher:
    """Creates services that share a DAGSTER_HOME, a reaper and a folder of logs."""

    def __init__(self, dagster_home: Path, on_event: OnEvent, options: Options) -> None:
        """`on_event` receives what is to be printed: events, and the services' own lines."""
        self._options = options
        self.reaper = Reaper()
        self.logs = home.state_folder(dagster_home) / "logs"
        self.logs.mkdir(exist_ok=True)
        self.workspace = home.state_folder(dagster_home) / "workspace.yaml"
        self._on_event = on_event
        self._common = {
            "DAGSTER_HOME": str(dagster_home),
            "PYTHONUNBUFFERED": "1",
            session.MARK: session.mark(),
        }

    def webserver(self) -> SupervisedProcess:
        """The UI for the locations of the workspace file."""
        options = self._options
        argv = dagster_cli.webserver(self.workspace, options.host, options.port)
        return self._orchestrator_service("webserver", argv)

    def daemon(self) -> SupervisedProcess:
        """Schedules, sensors and the run queue for the locations of the workspace file."""
        return self._orchestrator_service("daemon", dagster_cli.daemon(self.workspace))

    def code_server(
        self, team: Team, argv: Sequence[str], env: dict[str, str], on_exit: OnExit
    ) -> SupervisedProcess:
        """A team's code server; `on_exit` is awaited when it has crashed."""
        secrets = variables.secrets_of(team)
        if team == self._options.debug:
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
        on_exit: OnExit | None = None,
    ) -> SupervisedProcess:
        log = self.logs / f"{name}.log"
        with contextlib.suppress(OSError):  # a full disk: reported at the first line
            log.write_text("", encoding="utf-8")
        log_filter = dagster_cli.LogFilter()

        def on_line(name: str, line: str) -> None:
            if not log_filter.hides(ANSI_SGR.sub("", line)):
                self._on_event(name, line)

        service = Service(name, argv, cwd, {**env, **self._common}, log, secrets)
        return SupervisedProcess(
            service, self.reaper, on_event=self._on_event, on_line=on_line, on_exit=on_exit
        )

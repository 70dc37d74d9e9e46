"""Creates the services of a platform: command, variables, log and shown lines of each."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from devkit.core.environ import clean_environment
from devkit.core.paths import ROOT
from devkit.dev import dagster_cli, debugger, home, session
from devkit.dev.logs import Log
from devkit.dev.options import Options
from devkit.dev.parts import Parts
from devkit.dev.reaper import Reaper
from devkit.dev.service import OnEvent, OnExit, Service, SupervisedProcess
from devkit.registry.team import Team
from devkit.registry.workspace import load_remotes


class Launcher:
    """Creates services that share a DAGSTER_HOME, a reaper and a folder of logs."""

    def __init__(
        self, dagster_home: Path, on_event: OnEvent, options: Options, parts: Parts
    ) -> None:
        """`on_event` receives what is to be printed: events, and the services' own lines."""
        self._options = options
        self._parts = parts
        self.reaper = Reaper()
        self.logs = home.state_folder(dagster_home) / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.workspace = home.state_folder(dagster_home) / "workspace.yaml"
        self._on_event = on_event
        self._open_logs: dict[str, Log] = {}
        self._common = {
            "DAGSTER_HOME": str(dagster_home),
            "PYTHONUNBUFFERED": "1",
            session.MARK: session.mark(),
        }

    def webserver(self) -> SupervisedProcess:
        """The UI for the locations of the workspace file."""
        options = self._options
        argv = self._parts.commands.webserver(self.workspace, options.host, options.port)
        return self._orchestrator_service("webserver", argv)

    def daemon(self) -> SupervisedProcess:
        """Schedules, sensors and the run queue for the locations of the workspace file."""
        return self._orchestrator_service("daemon", self._parts.commands.daemon(self.workspace))

    def code_server(
        self, team: Team, socket: Path, env: dict[str, str], on_exit: OnExit
    ) -> SupervisedProcess:
        """A team's code server; `on_exit` is awaited when it has crashed."""
        argv = self._parts.commands.code_server(team, socket)
        if team == self._options.debug:
            argv = debugger.listening(argv)
        env = {**dagster_cli.DEVELOPMENT, **env}
        return self._supervise(team.location, argv, team.cwd, env, on_exit, team.identifier)

    def write_workspace(self, sockets: Mapping[str, Path]) -> None:
        """Write the workspace file: these code servers, and those that run elsewhere."""
        text = dagster_cli.workspace(sockets, load_remotes(ROOT))
        self.workspace.write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Close the logs."""
        for log in self._open_logs.values():
            log.close()

    def _orchestrator_service(self, name: str, argv: Sequence[str]) -> SupervisedProcess:
        env = {**clean_environment(), **dagster_cli.QUIET}
        return self._supervise(name, argv, ROOT, env)

    def _supervise(
        self,
        name: str,
        argv: Sequence[str],
        cwd: Path,
        env: dict[str, str],
        on_exit: OnExit | None = None,
        log: str = "",
    ) -> SupervisedProcess:
        log_filter = dagster_cli.LogFilter()

        def on_line(name: str, line: str) -> None:
            for shown in log_filter.shown(line):
                self._on_event(name, shown)

        return SupervisedProcess(
            Service(name, argv, cwd, {**env, **self._common}, self._log(name, log or name)),
            self.reaper,
            self._parts.clock,
            on_event=self._on_event,
            on_line=on_line,
            on_exit=on_exit,
        )

    def _log(self, name: str, file: str) -> Log:
        """The log of all the services of this name in this session."""
        if name not in self._open_logs:
            path = self.logs / f"{file}.log"
            self._open_logs[name] = Log(path, lambda text: self._on_event(name, text))
        return self._open_logs[name]

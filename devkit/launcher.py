"""The services of a platform: each one's command, variables, log and what of it is shown."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from devkit import claims, dagster_cli, debugger, home, settings
from devkit.bootstrap import ROOT, clean_environment
from devkit.services import COLOURS, Guard, Service, Supervised, Tell
from devkit.workspace import Team


class Launcher:
    """Makes services that share a DAGSTER_HOME, a guard and a place for their logs."""

    def __init__(self, where: Path, tell: Tell, debug: Team | None = None) -> None:
        """`where` is DAGSTER_HOME; `tell` gets the lines that a terminal is to show.

        `debug` is the team whose code server a debugger can attach to.
        """
        self._debug = debug
        self.guard = Guard()
        self.logs = home.state_folder(where) / "logs"
        self.logs.mkdir(exist_ok=True)
        self.workspace = home.state_folder(where) / "workspace.yaml"
        self._tell = tell
        self._common = {
            "DAGSTER_HOME": str(where),
            "PYTHONUNBUFFERED": "1",
            claims.MARK: claims.mark(),
        }

    def webserver(self, host: str, port: int) -> Supervised:
        """The UI on the locations of the workspace file."""
        return self._host("webserver", dagster_cli.webserver(self.workspace, host, port))

    def daemon(self) -> Supervised:
        """Schedules, sensors and the run queue on the locations of the workspace file."""
        return self._host("daemon", dagster_cli.daemon(self.workspace))

    def code_server(
        self,
        team: Team,
        argv: Sequence[str],
        env: dict[str, str],
        mourn: Callable[[], Awaitable[None]],
    ) -> Supervised:
        """A team's code server; `mourn` is awaited when it has died."""
        secrets = settings.secrets_of(team)
        if team == self._debug:
            argv = debugger.listening(argv)
        return self._supervise(team.location, argv, team.directory, env, secrets, mourn)

    def _host(self, name: str, argv: Sequence[str]) -> Supervised:
        env = {**clean_environment(), **dagster_cli.QUIET_HOST}
        return self._supervise(name, argv, ROOT, env)

    def _supervise(
        self,
        name: str,
        argv: Sequence[str],
        cwd: Path,
        env: dict[str, str],
        secrets: Sequence[str] = (),
        mourn: Callable[[], Awaitable[None]] | None = None,
    ) -> Supervised:
        log = self.logs / f"{name}.log"
        with contextlib.suppress(OSError):  # a full disk: said when it is written to
            log.write_text("")
        noise = dagster_cli.Noise()

        def show(name: str, line: str) -> None:
            if not noise(COLOURS.sub("", line)):
                self._tell(name, line)

        service = Service(name, argv, cwd, {**env, **self._common}, log, secrets)
        return Supervised(service, self.guard, tell=self._tell, show=show, mourn=mourn)

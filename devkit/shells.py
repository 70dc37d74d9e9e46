"""`invoke shell` and `invoke exec`: a team's environment, activated, for a person or a command."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from devkit import home, processes, settings
from devkit.errors import DevkitError
from devkit.workspace import Team


def execute(team: Team, command: Sequence[str]) -> int:
    """Run a command in the team's folder with its environment active; return its exit code.

    Raises:
        DevkitError: if there is no such command.
    """
    if not command:
        raise DevkitError(
            "there is no command to run", mend=f"invoke exec --team {team.name} -- COMMAND"
        )
    env = _environment(team)
    named = team.directory / command[0] if os.sep in command[0] else command[0]
    program = shutil.which(named, path=env["PATH"])
    if program is None:
        raise DevkitError(
            f"there is no command {command[0]!r} in the environment of {team.name}",
            mend=f"add its package to {team.directory.name}/pyproject.toml, then run "
            f"`invoke lock --team {team.name}`",
        )
    code, _ = processes.run_in_foreground([program, *command[1:]], cwd=team.directory, env=env)
    return code if code >= 0 else 128 - code


def interact(team: Team) -> int:
    """Open the developer's own shell in the team's folder with its environment active."""
    shell = os.environ.get("SHELL") or "/bin/sh"
    with tempfile.TemporaryDirectory(prefix="dagteam-shell-") as folder:
        arguments, extra = _activated(Path(shell).name, team.environment, Path(folder))
        env = {**_environment(team), **extra}
        processes.run_in_foreground([shell, *arguments], cwd=team.directory, env=env)
    return 0  # what the last command in it did is not this command's result


def _environment(team: Team) -> dict[str, str]:
    return {**settings.of_team(team), "DAGSTER_HOME": str(home.locate())}


def _activated(shell: str, environment: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Arguments and variables that activate after the shell's own start-up files have run.

    Those often put something else first on the PATH (pyenv, conda), so setting it before is
    not enough.
    """
    activate = environment / "bin" / "activate"
    if shell == "bash":
        file = folder / "bashrc"
        file.write_text(f'[ ! -r ~/.bashrc ] || . ~/.bashrc\n. "{activate}"\n')
        return ["--rcfile", str(file), "-i"], {}
    if shell == "zsh":
        own = os.environ.get("ZDOTDIR", "$HOME")
        for name in (".zshenv", ".zprofile", ".zshrc"):
            (folder / name).write_text(f'[ ! -r "{own}/{name}" ] || . "{own}/{name}"\n')
        with (folder / ".zshrc").open("a") as file_:
            file_.write(f'ZDOTDIR="{own}"\n. "{activate}"\n')
        return ["-i"], {"ZDOTDIR": str(folder)}
    if shell == "fish":
        return ["--init-command", f'source "{activate}.fish"'], {}
    return ["-i"], {}

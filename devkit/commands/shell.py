"""`invoke shell`: the developer's shell with a team's environment active."""

import os
import shlex
import sys
import tempfile
from pathlib import Path

from invoke.context import Context

from devkit.cli import ONE_TEAM, command, one_team
from devkit.registry.team import Team

# The start-up files of zsh, in a folder of their own. While the user's are read, ZDOTDIR is the
# user's, which ~/.zshenv may set: they find other files through it, and the history. By then,
# /etc/zshrc of macOS has put the history into our folder.
ZSH = {
    ".zshenv": """\
ZDOTDIR={own}
[[ -n $ZDOTDIR ]] || unset ZDOTDIR
[[ ! -r ${{ZDOTDIR:-$HOME}}/.zshenv ]] || . "${{ZDOTDIR:-$HOME}}/.zshenv"
_dagteam_zdotdir=${{ZDOTDIR-}}
ZDOTDIR={folder}
""",
    ".zshrc": """\
ZDOTDIR=$_dagteam_zdotdir
unset _dagteam_zdotdir
[[ -n $ZDOTDIR ]] || unset ZDOTDIR
[[ ${{HISTFILE-}} != {folder}/* ]] || HISTFILE=${{ZDOTDIR:-$HOME}}/${{HISTFILE:t}}
[[ ! -r ${{ZDOTDIR:-$HOME}}/.zshrc ]] || . "${{ZDOTDIR:-$HOME}}/.zshrc"
. {activate}
""",
}


@command(help=ONE_TEAM)
def shell(_: Context, team: str) -> None:
    """Open a shell with a team's environment active."""
    from devkit.environments.venvs import require_built, team_environment

    chosen = one_team(team)
    require_built([team_environment(chosen)])
    sys.exit(interact(chosen))


def interact(team: Team) -> int:
    """Open the developer's own shell in the team's folder with its environment active."""
    from devkit.core import processes
    from devkit.dev import home

    program = os.environ.get("SHELL") or "/bin/sh"
    with tempfile.TemporaryDirectory(prefix="dagteam-shell-") as folder:
        arguments, extra = _activated(Path(program).name, team.environment, Path(folder))
        env = {**home.variables_of(team), **extra}
        processes.run_in_foreground([program, *arguments], cwd=team.cwd, env=env)
    return 0  # the exit code of the last command in it is not this command's


def _activated(program: str, environment: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Arguments and variables that activate after the shell's own start-up files have run.

    Those often put something else first on the PATH (pyenv, conda), so setting it before is
    not enough.
    """
    activate = environment / "bin" / "activate"
    if program == "bash":
        file = folder / "bashrc"
        file.write_text(f'[ ! -r ~/.bashrc ] || . ~/.bashrc\n. "{activate}"\n', encoding="utf-8")
        return ["--rcfile", str(file), "-i"], {}
    if program == "zsh":
        own = os.environ.get("ZDOTDIR", "")
        values = {"own": own, "folder": str(folder), "activate": str(activate)}
        quoted = {name: shlex.quote(value) for name, value in values.items()}
        for name, text in ZSH.items():
            (folder / name).write_text(text.format(**quoted), encoding="utf-8")
        return ["-i"], {"ZDOTDIR": str(folder)}
    if program == "fish":
        return ["--init-command", f'source "{activate}.fish"'], {}
    return ["-i"], {}

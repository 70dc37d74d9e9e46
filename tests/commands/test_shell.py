"""`invoke exec` and `invoke shell`: a command, or an interactive shell, in a team's environment."""

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.commands import exec as execution
from devkit.core.errors import DevkitError
from devkit.registry.team import Team
from testing.support import (
    Checkout,
    base_python,
    eventually,
    output_until_end,
    runs,
    started,
    written,
)


def test_exec_passes_arguments_and_exit_code_unchanged(
    teams: dict[str, Team], capfd: pytest.CaptureFixture[str]
) -> None:
    code = "import sys; print(sys.argv[1:]); sys.exit(42)"
    arguments = ["a  b", "", "*", "$HOME", "it's", "--team", "--"]
    assert execution.run(teams["ml"], ["python", "-c", code, *arguments]) == 42
    assert capfd.readouterr().out == f"{arguments}\n"


def test_exec_runs_in_the_teams_folder_with_its_environment(
    teams: dict[str, Team], capfd: pytest.CaptureFixture[str]
) -> None:
    code = "import os, sys; print(os.getcwd(), sys.prefix, os.environ['DAGSTER_HOME'], sep='\\n')"
    for team in teams.values():
        assert execution.run(team, ["python", "-c", code]) == 0
        folder, prefix, home = capfd.readouterr().out.splitlines()
        assert (folder, prefix) == (str(team.directory), str(team.environment))
        assert Path(home).is_absolute()


def test_exec_finds_a_program_by_its_path_in_the_teams_folder(
    teams: dict[str, Team], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "bin/brew"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\necho brewed\n", encoding="utf-8")
    script.chmod(0o755)
    assert execution.run(replace(teams["ml"], directory=tmp_path), ["bin/brew"]) == 0
    assert capfd.readouterr().out == "brewed\n"


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_exec_of_a_command_killed_by_a_signal_returns_128_plus_the_signal(
    teams: dict[str, Team], sign: signal.Signals
) -> None:
    assert execution.run(teams["ml"], ["sh", "-c", f"kill -{int(sign)} $$"]) == 128 + sign


def test_exec_of_an_unknown_command_shows_how_to_get_it(teams: dict[str, Team]) -> None:
    with pytest.raises(DevkitError, match="command 'brew' not found in the environment") as raised:
        execution.run(teams["ml"], ["brew", "--tea"])
    assert "invoke lock --team ml" in str(raised.value)


def test_exec_without_a_command_shows_the_usage(teams: dict[str, Team]) -> None:
    with pytest.raises(DevkitError, match="no command to run") as raised:
        execution.run(teams["ml"], [])
    assert "invoke exec --team ml -- COMMAND" in str(raised.value)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_exec_ends_the_command_too(
    light_checkout: Checkout, tmp_path: Path, sign: signal.Signals
) -> None:
    file = tmp_path / "pid"
    command = ["exec", "--team", "ml", "--", "sh", "-c", f"echo $$ > {file}; exec sleep 600"]
    with started([base_python(), "tasks.py", *command], light_checkout.root) as process:
        eventually(lambda: written(file), "the command runs")
        # A terminal sends SIGINT to the whole group; `kill` sends SIGTERM to one process.
        (os.killpg if sign == signal.SIGINT else os.kill)(process.pid, sign)
        output_until_end(process)
    assert process.returncode == 128 + sign
    assert not runs(int(file.read_text(encoding="utf-8")))


RC_FILES = {
    "bash": (".bashrc", 'export PATH="$HOME/elsewhere:$PATH"\nalias mine="echo my alias"\n'),
    "zsh": (".zshrc", 'export PATH="$HOME/elsewhere:$PATH"\nalias mine="echo my alias"\n'),
    "fish": (
        ".config/fish/config.fish",
        'set -x PATH "$HOME/elsewhere" $PATH\nalias mine="echo my alias"\n',
    ),
}


@pytest.mark.parametrize("shell", RC_FILES)
def test_the_teams_python_is_first_on_the_path_whatever_the_start_up_file_does(
    light_checkout: Checkout, tmp_path: Path, shell: str
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"this machine has no {shell}")
    name, text = RC_FILES[shell]
    home = tmp_path / "home"
    (home / "elsewhere").mkdir(parents=True)
    (home / "elsewhere/python").write_text("#!/bin/sh\necho another python\n", encoding="utf-8")
    (home / "elsewhere/python").chmod(0o755)
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_text(text, encoding="utf-8")
    done = light_checkout.tasks(
        "shell", "--team", "ml",
        env={"SHELL": program, "HOME": str(home)},
        stdin='python -c "import sys; print(sys.prefix)"\npwd\nmine\nexit 3\n',
    )  # fmt: skip
    project = light_checkout.root / "ml_project"
    assert done.stdout.splitlines()[-3:] == [
        str(project / ".venv-mlproject"),
        str(project),
        "my alias",
    ]
    assert done.returncode == 0, "the exit code of the last command is ignored"


ZSH_RC = 'HISTFILE=${ZDOTDIR:-$HOME}/.zsh_history\nSAVEHIST=9\nexport PATH="$HOME/x:$PATH"\n'


@pytest.fixture
def zsh(tmp_path: Path) -> Path:
    """A zsh for which HISTFILE is set as /etc/zshrc of macOS does it: in ZDOTDIR."""
    program = shutil.which("zsh")
    if program is None:
        pytest.skip("this machine has no zsh (on Debian and Ubuntu: apt install zsh)")
    wrapper = tmp_path / "bin/zsh"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\nexport HISTFILE="${{ZDOTDIR:-$HOME}}/.zsh_history"\nexec {program} "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
    return wrapper


@pytest.mark.parametrize(
    ("files", "zdotdir", "wanted"),
    [
        ({".zshrc": ZSH_RC}, "", ""),
        ({".zshrc": ""}, "", ""),
        ({}, "", ""),
        # The usual set-up in ~/.config, and one in the calling shell's environment.
        ({".zshenv": 'ZDOTDIR="$HOME/my config"\n', "my config/.zshrc": ZSH_RC}, "", "my config"),
        ({"dots/.zshenv": "", "dots/.zshrc": ZSH_RC}, "dots", "dots"),
    ],
    ids=["home", "macOS", "no files", "zshenv", "environment"],
)
def test_zsh_keeps_its_history_and_its_folder_of_settings(
    light_checkout: Checkout,
    tmp_path: Path,
    zsh: Path,
    files: dict[str, str],
    zdotdir: str,
    wanted: str,
) -> None:
    home = tmp_path / "home"
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    home.mkdir(exist_ok=True)
    env = {"SHELL": str(zsh), "HOME": str(home)}
    done = light_checkout.tasks(
        "shell", "--team", "ml",
        env={**env, "ZDOTDIR": str(home / zdotdir)} if zdotdir else env,
        stdin='echo "$HISTFILE"\necho "=${ZDOTDIR-}"\ncommand -v python\n',
    )  # fmt: skip
    assert done.stdout.splitlines()[-3:] == [
        str(home / wanted / ".zsh_history"),
        f"={home / wanted if wanted else ''}",
        str(light_checkout.root / "ml_project/.venv-mlproject/bin/python"),
    ]


def test_a_plain_shell_has_the_environment_too(light_checkout: Checkout) -> None:
    done = light_checkout.tasks(
        "shell", "--team", "ml", env={"SHELL": "/bin/sh"}, stdin="command -v python\n"
    )
    python = light_checkout.root / "ml_project/.venv-mlproject/bin/python"
    assert done.stdout.splitlines()[-1] == str(python)

"""Loading a team's definitions in the team's own interpreter: its manifest, or why it fails."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core import parallel, processes
from devkit.core.export import Files
from devkit.definitions import loading, relocated
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import lockfiles
from devkit.environments.project import team_project
from devkit.registry.team import Team

# A definition in a new file of a team's own package, the error message, and its line.
BROKEN = {
    "import": ("import no_such\n", "ModuleNotFoundError: No module named 'no_such'", 1),
    "syntax": ("x = 1\ndef f(:\n", "SyntaxError: invalid syntax", 2),
    "at import": (
        "def brew():\n    return 1 / 0\n\nPOT = brew()\n",
        "ZeroDivisionError: division by zero",
        2,
    ),
    "in disguise": (
        "try:\n    import no_such\nexcept ImportError:\n    raise RuntimeError('no tea')\n",
        "ModuleNotFoundError: No module named 'no_such'",
        2,
    ),
    "resource": (
        "import dagster as dg\n\n@dg.asset\ndef brew(kettle: dg.ResourceParam[str]) -> None: ...\n",
        "resource with key 'kettle' required by op 'brew' was not provided",
        4,
    ),
    "exit": ("import sys\nsys.exit(0)\n", "SystemExit: 0", 2),
}

# Modules of teams that misbehave, which need only Dagster.
RUDE = {
    "chatty": (
        "import logging, os, sys\n"
        "print('{\"assets\": []}')\n"
        "os.write(1, b'garbage\\n')\n"
        "sys.stdout.flush()\n"
        "logging.basicConfig(stream=sys.stdout)\n"
        "logging.warning('more garbage')\n"
        "import dagster as dg\n"
        "@dg.asset\n"
        "def tea() -> None: ...\n"
        "defs = dg.Definitions(assets=[tea])\n"
    ),
    "dead": "import os\nos.write(2, b'last words\\n')\nos._exit(0)\n",
    "killed": "import os\nos.kill(os.getpid(), 9)\n",
    "hanging": "import time\ndef brew():\n    time.sleep(600)\n\nbrew()\n",
    "deaf": (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n"
    ),
    "daemon": (
        "import subprocess\n"
        "subprocess.Popen(['sleep', '600'])\n"
        "import dagster as dg\n"
        "defs = dg.Definitions()\n"
    ),
    "empty": "",
    "lingering": (
        "import threading\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "import dagster as dg\n"
        "defs = dg.Definitions()\n"
    ),
    "lingering_error": (
        "import threading\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "raise ValueError('no tea')\n"
    ),
}
LIMITS = {"hanging": 6.0, "deaf": 6.0}


def broken_copy(team: Team, code: str, folder: Path) -> Team:
    """The team with a copy of its code and one more file."""
    ignored = shutil.ignore_patterns(".venv*")
    shutil.copytree(team.directory, folder, ignore=ignored)
    (folder / team.package / "defs/broken.py").write_text(code, encoding="utf-8")
    return replace(team, directory=folder)


@pytest.fixture(scope="module")
def broken(
    teams: dict[str, Team], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Manifest | Failure]:
    """The result for each broken definition, alternately in one team and in the other."""
    folder = tmp_path_factory.mktemp("broken")
    turns = [*teams.values()] * len(BROKEN)
    copies = [
        broken_copy(team, code, folder / str(n))
        for n, (team, (code, *_)) in enumerate(zip(turns, BROKEN.values(), strict=False))
    ]
    return dict(zip(BROKEN, parallel.gather(loading.load, copies), strict=True))


@pytest.fixture(scope="module")
def rude(
    teams: dict[str, Team], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Manifest | Failure]:
    """The result for each module that misbehaves."""
    folder = tmp_path_factory.mktemp("rude")
    for name, code in RUDE.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")

    def load(name: str) -> Manifest | Failure:
        team = replace(teams["analytics"], module=name, directory=folder)
        return loading.load(
            team, timeout=LIMITS.get(name), grace=0.5
        )  # for the module that ignores TERM

    return dict(zip(RUDE, parallel.gather(load, [*RUDE]), strict=True))


def failure(result: Manifest | Failure) -> Failure:
    assert isinstance(result, Failure), result
    return result


def test_load_uses_the_dagster_of_the_teams_own_environment(teams: dict[str, Team]) -> None:
    found = parallel.gather(loading.load, [*teams.values()])
    for project, manifest in zip(map(team_project, teams.values()), found, strict=True):
        assert isinstance(manifest, Manifest), manifest
        assert manifest.team == teams[project.name]
        assert manifest.dagster == lockfiles.pins(project)["dagster"]
    analytics, ml = found[:2]
    assert isinstance(analytics, Manifest)
    assert isinstance(ml, Manifest)
    assert "penguins" in analytics.produces
    assert "penguin_cluster" in ml.produces
    assert "penguins" in ml.external_assets
    assert ml.reads == {"penguins"}
    assert analytics.schedules == ("penguin_update_minutely",)
    assert [sensor.watches for sensor in ml.sensors] == [("penguins",)]


@pytest.mark.parametrize("name", BROKEN)
def test_error_is_reported_at_its_line_in_the_teams_own_code(
    broken: Mapping[str, Manifest | Failure], name: str
) -> None:
    _, message, line = BROKEN[name]
    found = failure(broken[name])
    assert message in found.message
    assert found.source is not None
    assert (found.source.file.name, found.source.line) == ("broken.py", line)


@pytest.mark.parametrize("name", BROKEN)
def test_failure_has_the_whole_traceback(
    broken: Mapping[str, Manifest | Failure], name: str
) -> None:
    assert "site-packages/dagster" in failure(broken[name]).traceback


def test_output_of_a_team_does_not_break_the_manifest(
    rude: Mapping[str, Manifest | Failure],
) -> None:
    found = rude["chatty"]
    assert isinstance(found, Manifest), found
    assert [*found.produces] == ["tea"]


def test_interpreter_that_dies_is_a_failure_with_its_output(
    rude: Mapping[str, Manifest | Failure],
) -> None:
    found = failure(rude["dead"])
    assert found.message == "the interpreter died (exit code 0)"
    assert found.stderr == "last words\n"
    assert "exit code -9" in failure(rude["killed"]).message


def test_timeout_is_reported_where_the_team_hung(rude: Mapping[str, Manifest | Failure]) -> None:
    found = failure(rude["hanging"])
    assert found.message.startswith("timed out after 6 s; `load-timeout` in [tool.dagteam] of ")
    assert found.source is not None
    assert (found.source.file.name, found.source.line) == ("hanging.py", 3)


def test_timeout_ends_a_team_that_ignores_it(rude: Mapping[str, Manifest | Failure]) -> None:
    assert failure(rude["deaf"]).message.startswith("timed out after 6 s")


@pytest.mark.parametrize("name", ["lingering", "lingering_error"])
def test_a_thread_that_never_ends_is_not_waited_for(
    rude: Mapping[str, Manifest | Failure], name: str
) -> None:
    if name == "lingering":
        assert isinstance(rude[name], Manifest), rude[name]
    else:
        assert failure(rude[name]).message == "ValueError: no tea"


def test_an_answer_counts_even_if_the_interpreter_does_not_end(
    teams: dict[str, Team], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = '{"error": {"type": "ValueError", "message": "no tea", "traceback": "", "origin": ""}}'
    late = processes.Completed(-15, answer, "", timed_out=True)
    monkeypatch.setattr(processes, "run", lambda *_, **__: late)
    assert failure(loading.load(teams["ml"])).message == "ValueError: no tea"


def test_the_time_limit_is_a_setting_of_the_project(teams: dict[str, Team], tmp_path: Path) -> None:
    team = replace(teams["ml"], directory=tmp_path)
    assert loading.time_limit(team) == 120
    (tmp_path / "pyproject.toml").write_text("[tool.dagteam]\nload-timeout = 300\n", "utf-8")
    assert loading.time_limit(team) == 300
    (tmp_path / "pyproject.toml").write_text("[tool.dagteam]\nload-timeout = 'x'\n", "utf-8")
    assert "line 2: tool.dagteam.load-timeout is not" in failure(loading.load(team)).message


def test_variables_that_can_not_be_read_are_a_failure(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    team = replace(teams["ml"], directory=tmp_path)
    team.env_file.write_bytes(b"\xff")
    assert ".env, line 1: not valid UTF-8" in failure(loading.load(team)).message
    elsewhere = Files(tmp_path, tmp_path / "elsewhere")
    assert ".env, line 1: not valid UTF-8" in failure(relocated.load(team, elsewhere)).message


def test_process_that_a_team_leaves_running_is_not_waited_for(
    rude: Mapping[str, Manifest | Failure],
) -> None:
    assert isinstance(rude["daemon"], Manifest), rude["daemon"]


def test_module_without_definitions_is_a_failure(
    rude: Mapping[str, Manifest | Failure],
) -> None:
    assert "DagsterInvariantViolationError" in failure(rude["empty"]).message


def test_missing_module_is_named(teams: dict[str, Team], tmp_path: Path) -> None:
    found = failure(loading.load(replace(teams["ml"], module="no_such", directory=tmp_path)))
    assert "no_such" in found.message

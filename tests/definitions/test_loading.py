"""A team's definitions, loaded in the team's own interpreter: what it makes, or why it can't."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core import parallel, processes
from devkit.definitions import loading
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments.project import all_projects
from devkit.registry.workspace import Team

# A definition in a new file of a team's own package, what is said of it, and its line.
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

# Whole modules that need no more than Dagster, of teams that misbehave.
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
}
LIMITS = {"hanging": 6.0, "deaf": 6.0}


def broken_copy(team: Team, code: str, folder: Path) -> Team:
    """The team with a copy of its code that has one more file."""
    ignored = shutil.ignore_patterns(".venv*")
    shutil.copytree(team.directory, folder, ignore=ignored)
    (folder / team.package / "defs/broken.py").write_text(code, encoding="utf-8")
    return replace(team, directory=folder)


@pytest.fixture(scope="module")
def broken(
    teams: dict[str, Team], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Manifest | Failure]:
    """What was found for each broken definition: alternately in one team and in the other."""
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
    """What was found for each module that misbehaves."""
    folder = tmp_path_factory.mktemp("rude")
    for name, code in RUDE.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")

    def load(name: str) -> Manifest | Failure:
        team = replace(teams["analytics"], module=name, directory=folder)
        return loading.load(team, timeout=LIMITS.get(name, loading.TIMEOUT_SECONDS))

    with pytest.MonkeyPatch.context() as patch:  # what ignores TERM is killed soon
        patch.setattr(processes.end_group, "__defaults__", (0.5,))
        return dict(zip(RUDE, parallel.gather(load, [*RUDE]), strict=True))


def failure(found: Manifest | Failure) -> Failure:
    assert isinstance(found, Failure), found
    return found


def test_a_team_is_loaded_with_the_dagster_of_its_own_environment(teams: dict[str, Team]) -> None:
    found = parallel.gather(loading.load, [*teams.values()])
    for room, manifest in zip(all_projects(teams.values())[2:], found, strict=True):
        assert isinstance(manifest, Manifest), manifest
        assert manifest.team == teams[room.name]
        assert manifest.dagster == lockfiles.pins(room)["dagster"]
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
def test_an_error_is_told_at_its_line_in_the_teams_own_code(
    broken: Mapping[str, Manifest | Failure], name: str
) -> None:
    _, message, line = BROKEN[name]
    found = failure(broken[name])
    assert message in found.message
    assert found.place is not None
    assert (found.place.file.name, found.place.line) == ("broken.py", line)


@pytest.mark.parametrize("name", BROKEN)
def test_the_whole_traceback_is_kept_for_who_asks(
    broken: Mapping[str, Manifest | Failure], name: str
) -> None:
    assert "site-packages/dagster" in failure(broken[name]).traceback


def test_what_a_team_prints_does_not_spoil_the_answer(
    rude: Mapping[str, Manifest | Failure],
) -> None:
    found = rude["chatty"]
    assert isinstance(found, Manifest), found
    assert [*found.produces] == ["tea"]


def test_an_interpreter_that_dies_is_a_failure_with_its_last_words(
    rude: Mapping[str, Manifest | Failure],
) -> None:
    found = failure(rude["dead"])
    assert found.message == "the interpreter died (exit code 0)"
    assert found.stderr == "last words\n"
    assert "exit code -9" in failure(rude["killed"]).message


def test_a_time_limit_tells_where_the_team_hung(rude: Mapping[str, Manifest | Failure]) -> None:
    found = failure(rude["hanging"])
    assert found.message == "still loading after 6 s (the time limit)"
    assert found.place is not None
    assert (found.place.file.name, found.place.line) == ("hanging.py", 3)


def test_a_time_limit_holds_for_who_ignores_it(rude: Mapping[str, Manifest | Failure]) -> None:
    assert "the time limit" in failure(rude["deaf"]).message


def test_what_a_team_leaves_running_is_neither_waited_for_nor_an_error(
    rude: Mapping[str, Manifest | Failure],
) -> None:
    assert isinstance(rude["daemon"], Manifest), rude["daemon"]


def test_a_module_that_defines_nothing_does_not_pass(
    rude: Mapping[str, Manifest | Failure],
) -> None:
    assert "DagsterInvariantViolationError" in failure(rude["empty"]).message


def test_a_module_that_is_not_there_is_named(teams: dict[str, Team], tmp_path: Path) -> None:
    found = failure(loading.load(replace(teams["ml"], module="no_such", directory=tmp_path)))
    assert "no_such" in found.message

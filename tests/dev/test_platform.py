"""The development loop, with real processes: a platform of a copy of this repository.

All tests use one platform: each changes something, checks the effect, and restores it.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from testing.platform import (
    ALL_LOADED,
    LONG_JOB,
    TERMINATE,
    Dev,
    descriptions,
    dev,
    existing,
    known,
    launch,
    load_errors,
    status,
    until,
)
from testing.support import Checkout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in the variable TEST_FOLDER of the platform's processes."""
    return tmp_path_factory.mktemp("folder")


@pytest.fixture(scope="module")
def platform(copy: Checkout, folder: Path) -> Iterator[Dev]:
    """A running platform with all locations loaded."""
    os.environ["TEST_FOLDER"] = str(folder)
    with dev(folder / "home", root=copy.root) as running:
        running.wait_for(ALL_LOADED)
        yield running
    del os.environ["TEST_FOLDER"]


class Saved:
    """A source file that a test changes, with its original text."""

    def __init__(self, path: Path, platform: Dev) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.platform = platform

    def save(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")

    def save_and_wait(self, text: str, printed: str) -> str:
        """Save, and wait for this text; returns all that was printed since."""
        before = len(self.platform.text)
        self.path.write_text(text, encoding="utf-8")
        self.platform.wait_for(printed, since=before)
        return self.platform.text[before:]


@pytest.fixture
def ml_assets(copy: Checkout, platform: Dev) -> Iterator[Saved]:
    """A source file of ml, which is restored and reloaded after the test."""
    saved = Saved(copy.root / "ml_project/ml_project/defs/assets.py", platform)
    yield saved
    saved.save_and_wait(saved.text, "ml_project        | reloaded")


NEW_ASSET = "\n\n@dg.asset(description=%r)\ndef brand_new() -> None:\n    pass\n"


def test_a_saved_file_reloads_its_team_and_no_other(platform: Dev, ml_assets: Saved) -> None:
    printed = ml_assets.save_and_wait(
        ml_assets.text + NEW_ASSET % "first", "ml_project        | reloaded"
    )
    assert descriptions(platform)["ml_project/brand_new"] == "first"
    assert "analytics_project | reload" not in printed


def test_broken_code_is_reported_with_its_line_and_fixed_by_the_next_save(
    platform: Dev, ml_assets: Saved
) -> None:
    line = len(ml_assets.text.splitlines()) + 2
    printed = ml_assets.save_and_wait(ml_assets.text + "\n1 / 0\n", "does not load")
    assert f"ml_project/ml_project/defs/assets.py:{line}: " in printed
    assert "ZeroDivisionError" in printed
    errors = load_errors(platform)
    assert errors["ml_project"] and errors["analytics_project"] is None

    ml_assets.save_and_wait(ml_assets.text + NEW_ASSET % "fixed", "ml_project        | reloaded")
    assert load_errors(platform)["ml_project"] is None
    assert descriptions(platform)["ml_project/brand_new"] == "fixed"


def test_a_burst_of_saves_ends_with_the_last_one_loaded(platform: Dev, ml_assets: Saved) -> None:
    before = len(platform.text)
    for number in range(100):
        ml_assets.save(ml_assets.text + NEW_ASSET % f"number {number}")
        time.sleep(0.02)
    until(
        lambda: descriptions(platform).get("ml_project/brand_new") == "number 99" or None,
        30,
        "the last save is loaded",
    )
    assert platform.text[before:].count("ml_project        | reloaded") < 10


def test_a_change_of_utils_reloads_every_team(copy: Checkout, platform: Dev) -> None:
    before = len(platform.text)
    path = copy.root / "utils/utils/tables.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# a comment\n")
    platform.wait_for("ml_project        | reloaded", since=before)
    platform.wait_for("analytics_project | reloaded", since=before)


def test_files_of_editors_python_and_tests_reload_nothing(
    copy: Checkout, platform: Dev, ml_assets: Saved
) -> None:
    package = copy.root / "ml_project" / "ml_project"
    before = len(platform.text)
    (package / "__pycache__").mkdir(exist_ok=True)
    for name in (
        "defs/.assets.py.swp", "defs/assets.py~", "defs/#assets.py#", "defs/4913",
        "__pycache__/assets.cpython-311.pyc", "test_something.py", "defs/.#assets.py",
    ):  # fmt: skip
        (package / name).write_text("1 / 0", encoding="utf-8")
    tests = copy.root / "ml_project/ml_project_tests/test_more.py"
    tests.write_text("def test_it() -> None:\n    pass\n", encoding="utf-8")
    (copy.root / "ml_project/.venv-mlproject/lib/thing.py").write_text("", encoding="utf-8")
    time.sleep(2)  # longer than a burst of saves
    # The first reload is that of a save that does count.
    assert "reload" not in platform.text[before:]
    ml_assets.save_and_wait(ml_assets.text + NEW_ASSET % "counts", "ml_project        | reloaded")
    assert platform.text[before:].count("| reloaded") == 1


def test_the_uis_reload_button_loads_what_is_saved(platform: Dev, ml_assets: Saved) -> None:
    ml_assets.save_and_wait(ml_assets.text + NEW_ASSET % "button", "ml_project        | reloaded")
    answer = platform.ask(
        'mutation { reloadRepositoryLocation(repositoryLocationName: "ml_project") { __typename } }'
    )
    assert answer["reloadRepositoryLocation"]["__typename"] == "WorkspaceLocationEntry"
    assert descriptions(platform)["ml_project/brand_new"] == "button"


def test_a_variable_has_each_teams_own_value_in_definitions_and_runs(
    copy: Checkout, platform: Dev, folder: Path
) -> None:
    files = []
    try:
        for team in ("analytics", "ml"):
            directory = copy.root / f"{team}_project"
            code = directory / f"{team}_project" / "defs" / "whose.py"
            env = directory / ".env"
            files += [code, env]
            env.write_text(
                f"SHARED_NAME=the {team} secret\nONLY_{team.upper()}=yes\n", encoding="utf-8"
            )
            code.write_text(
                "import os\nfrom pathlib import Path\n\nimport dagster as dg\n\n"
                "VALUE = os.environ['SHARED_NAME']\n"
                "SEEN = sorted(name for name in os.environ if name.startswith('ONLY_'))\n\n\n"
                f"@dg.asset(key='of_{team}', description=f'{{VALUE[4:6]}} {{SEEN}}')\n"
                f"def of_{team}(context) -> None:\n"
                "    print('this is', VALUE)\n"
                "    Path(os.environ['TEST_FOLDER'], f'run-of-" + team + "').write_text(\n"
                "        f\"{os.environ['SHARED_NAME']} {SEEN}\")\n\n\n"
                f"job = dg.define_asset_job('job_of_{team}', selection=[of_{team}])\n",
                encoding="utf-8",
            )
        expected = {
            "analytics_project/of_analytics": "an ['ONLY_ANALYTICS']",
            "ml_project/of_ml": "ml ['ONLY_ML']",
        }
        until(
            lambda: expected.items() <= descriptions(platform).items() or None,
            60,
            "both are loaded",
        )
        for team in ("analytics", "ml"):
            # While the last save is still being reloaded, nothing can be launched.
            job, location = f"job_of_{team}", f"{team}_project"
            until(partial(launch, platform, job, location), 30, f"{job} is launched")
            result = folder / f"run-of-{team}"
            until(partial(existing, result), 60, f"the run of {team}")
            assert (
                result.read_text(encoding="utf-8") == f"the {team} secret ['ONLY_{team.upper()}']"
            )
        logs = folder / "home" / ".dagteam" / "logs"
        assert "secret" not in platform.text
        assert not [log for log in logs.iterdir() if "secret" in log.read_text(encoding="utf-8")]
    finally:
        before = len(platform.text)
        for file in files:
            file.unlink(missing_ok=True)
        platform.wait_for("ml_project        | loaded", since=before)
        platform.wait_for("analytics_project | loaded", since=before)


def test_a_run_in_flight_outlives_a_reload_and_can_be_terminated_after_it(
    platform: Dev, ml_assets: Saved, folder: Path
) -> None:
    ml_assets.save_and_wait(ml_assets.text + LONG_JOB, "ml_project        | reloaded")
    began, go = folder / "began", folder / "go"

    def in_flight() -> str:
        began.unlink(missing_ok=True)
        run_id = launch(platform, "long_job", "ml_project")
        until(lambda: began.exists() or None, 60, "the run has begun")
        return run_id

    finished, ended = in_flight(), in_flight()
    ml_assets.save_and_wait(
        ml_assets.text + LONG_JOB + NEW_ASSET % "later", "ml_project        | reloaded"
    )
    assert status(platform, finished) == status(platform, ended) == "STARTED"
    answer = platform.ask(TERMINATE, id=ended)["terminateRun"]
    assert answer["__typename"] == "TerminateRunSuccess"
    until(lambda: status(platform, ended) == "CANCELED" or None, 30, "the run is cancelled")
    go.touch()
    until(lambda: status(platform, finished) == "SUCCESS" or None, 30, "the run succeeds")
    go.unlink()


@pytest.mark.parametrize("name", ["webserver", "daemon", "ml_project"])
def test_a_killed_service_is_restarted(platform: Dev, name: str) -> None:
    before = len(platform.text)
    mark = {
        "webserver": "dagster_webserver",
        "daemon": "dagster-daemon",
        "ml_project": "code-server",
    }
    (leader, *_) = [
        process
        for process in platform.left_over()
        if mark[name] in " ".join(process.cmdline())
        and os.getpgid(process.pid) == process.pid
        and (name != "ml_project" or "ml_project.definitions" in process.cmdline())
    ]
    leader.kill()
    platform.wait_for("killed by SIGKILL; restarting in 1 s", since=before)
    if name == "ml_project":
        platform.wait_for("loaded again", since=before)

    loaded = {"analytics_project": None, "ml_project": None}
    until(lambda: load_errors(platform) == loaded, 60, "all locations are loaded again")
    assert re.search(rf"{name} +\| killed by SIGKILL", platform.text[before:])


def test_a_location_is_added_and_removed_with_the_registry(copy: Checkout, platform: Dev) -> None:
    registry = copy.root / "workspace.yaml"
    text = registry.read_text(encoding="utf-8")
    ml, third = copy.root / "ml_project", copy.root / "third_project"
    shutil.copytree(ml, third, ignore=shutil.ignore_patterns(".venv*", "__pycache__"))
    (third / "ml_project").rename(third / "third_project")
    files = ("*.toml", "*local_requirements.txt", "third_project/**/*.py")
    for file in [file for pattern in files for file in third.glob(pattern)]:
        text_of = file.read_text(encoding="utf-8").replace("ml_project", "third_project")
        text_of = text_of.replace("ml-project", "third-project")
        file.write_text(text_of.replace("penguin_cluster", "third_cluster"), encoding="utf-8")
    before = len(platform.text)
    registry.write_text(
        text
        + "  - python_module:\n"
        + "      location_name: third_project\n"
        + "      module_name: third_project.definitions\n"
        + "      working_directory: third_project\n"
        + "      executable_path: third_project/.venv-third/bin/python\n",
        encoding="utf-8",
    )
    until(
        lambda: re.search(r"third_project +\| loaded", platform.text[before:]),
        90,
        "third is loaded",
    )
    three = {"analytics_project", "ml_project", "third_project"}
    until(lambda: known(platform) == three or None, 30, "the UI has three")
    registry.write_text("load_from: [", encoding="utf-8")
    platform.wait_for("invalid YAML", since=before)
    registry.write_text(text, encoding="utf-8")
    until(lambda: re.search(r"third_project +\| removed", platform.text[before:]), 60, "removed")
    assert not [p for p in platform.left_over() if "third_project" in " ".join(p.cmdline())]
    until(lambda: known(platform) == {"analytics_project", "ml_project"} or None, 60, "two again")


def test_a_second_platform_reports_who_uses_this_dagster_home(
    platform: Dev, copy: Checkout
) -> None:
    second = copy.tasks("dev", env={"DAGSTER_HOME": str(platform.home)})
    assert second.returncode == 1
    assert f"{platform.url}" in second.stderr
    (pid,) = re.findall(r"pid (\d+)", second.stderr)
    assert int(pid) == platform.process.pid


def test_a_port_that_is_taken_is_one_message(platform: Dev, copy: Checkout, tmp_path: Path) -> None:
    done = copy.tasks("dev", "--port", str(platform.port), env={"DAGSTER_HOME": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith(
        f"port {platform.port} on 127.0.0.1 can't be used"
    )
    assert "Traceback" not in done.stderr

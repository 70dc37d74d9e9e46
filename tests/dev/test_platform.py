"""The supervisor's races, with stub programs and a stand-in for the webserver.

Each test runs a whole platform: see `testing/stage.py`.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from devkit.core.errors import DevkitError
from devkit.core.threads import in_thread
from devkit.dev.options import Options
from devkit.dev.states import State
from testing.stage import Stage, playing, request, seeded

Play = Callable[[Stage], Coroutine[Any, Any, None]]


def play(folder: Path, use: Play, *names: str, **options: Any) -> None:
    """Run a platform of these teams, `one` and `two` by default, and use it."""

    async def run() -> None:
        async with playing(folder, *(names or ("one", "two")), **options) as stage:
            await use(stage)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("when", ["starting", "loaded"])
def test_a_signal_ends_everything(
    tmp_path: Path, sign: signal.Signals, code: int, when: str
) -> None:
    async def run() -> None:
        stage = Stage(tmp_path, ["one", "two"])
        task = asyncio.create_task(stage.platform.run(stage.teams))
        await (stage.loaded() if when == "loaded" else stage.until(stage.processes, "started"))
        os.kill(os.getpid(), sign)
        assert await asyncio.wait_for(task, 20) == code
        assert stage.processes() == []

    asyncio.run(run())


def test_nohup_is_respected(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.1)
        assert stage.state("one") == State.LOADED

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        play(tmp_path, use)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_signal_ends_what_ignores_the_first(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0)

    play(tmp_path, use, prepare=lambda stage: stage.add("three", "stubborn parent"))


def test_no_two_locations_ever_have_one_socket(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        for name in ("three", "four", "five"):
            stage.add(name, name)
            stage.save_registry()
            await stage.until(stage.settled, "added")
            stage.remove(stage.teams[0].name)
            stage.save_registry()
            await stage.until(stage.settled, "removed")
        served = {name: stage.served(name) for name in stage.platform.locations}
        assert {name: answer and answer["text"] for name, answer in served.items()} == {
            "four": "four", "five": "five",
        }  # fmt: skip
        assert len({answer and answer["pid"] for answer in served.values()}) == 2

    play(tmp_path, use)


def test_a_save_reloads_its_location_only(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        pids = [stage.pid(name) for name in ("one", "two")]
        other = stage.served("two")
        stage.save("one", "better")
        await stage.until(lambda: (stage.served("one") or {}).get("text") == "better", "reloaded")
        await stage.until(stage.settled, "loaded")
        assert [stage.pid(name) for name in ("one", "two")] == pids
        assert stage.served("two") == other

    play(tmp_path, use)


def test_code_that_does_not_load_is_a_state_and_mended_by_the_next_save(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        stage.save("one", "broken here")
        await stage.until(lambda: stage.state("one") == State.BROKEN, "broken")
        assert stage.state("two") == State.LOADED
        stage.save("one", "mended")
        await stage.loaded()

    play(tmp_path, use)
    assert "one       | does not load: ValueError: broken here" in capsys.readouterr().out


def test_variables_that_changed_start_a_new_server_and_those_that_did_not_change_do_not(
    tmp_path: Path,
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        first = stage.pid("one")
        stage.save_env("one", "SETTING=new\n")
        await stage.until(lambda: (stage.served("one") or {}).get("env") == "new", "new variables")
        await stage.until(stage.settled, "loaded")
        second = stage.pid("one")
        assert second != first
        stage.save_env("one", "SETTING=new\n# a comment\n")
        await stage.until(lambda: stage.location("one").idle, "looked at")
        assert stage.pid("one") == second

    play(tmp_path, use)


def test_a_location_is_never_unreachable_while_its_server_is_replaced(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        stage.save("one", "slow")
        await stage.until(stage.settled, "loaded")
        answers: list[object] = []
        stage.save_env("one", "SETTING=new\n")
        while (answer := stage.served("one")) is None or answer["env"] != "new":
            answers.append(answer)
            await asyncio.sleep(0)
        assert answers and None not in answers

    play(tmp_path, use)


def test_runs_go_on_in_the_server_that_was_replaced(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        old = stage.webserver.launch("long", "one")
        stage.save_env("one", "SETTING=new\n")
        await stage.until(lambda: (stage.served("one") or {}).get("env") == "new", "new variables")
        link = str(stage.location("one").socket)
        await stage.until(lambda: stage.webserver.runs["long"] != link, "moved")
        moved = request(stage.webserver.runs["long"])
        assert moved and int(moved["pid"]) == old
        assert stage.webserver.launch("new", "one") != old
        await stage.until(stage.settled, "loaded")
        assert any(process.pid == old for process in stage.processes())
        del stage.webserver.runs["long"]
        await stage.until(
            lambda: all(process.pid != old for process in stage.processes()), "the old one ends"
        )
        assert stage.webserver.runs == {"new": link}
        assert stage.instance.lost == []

    play(tmp_path, use)


def test_runs_of_a_team_that_is_removed_go_on(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        old = stage.webserver.launch("long", "one")
        one = stage.teams[0]
        stage.remove("one")
        stage.save_registry()
        await stage.until(stage.settled, "removed")
        stage.teams.append(one)
        stage.save_registry()
        await stage.until(stage.settled, "added again")
        assert stage.pid("one") != old
        assert any(process.pid == old for process in stage.processes())
        del stage.webserver.runs["long"]
        await stage.until(
            lambda: all(process.pid != old for process in stage.processes()), "the old one ends"
        )
        await stage.loaded()

    play(tmp_path, use)


def test_only_the_runs_of_a_server_that_was_killed_are_lost(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        old = stage.webserver.launch("old", "one")
        stage.save_env("one", "SETTING=new\n")
        await stage.until(
            lambda: stage.webserver.runs["old"] != str(stage.location("one").socket), "moved"
        )
        await stage.until(stage.settled, "loaded")
        new = stage.webserver.launch("new", "one")
        stage.webserver.launch("other", "two")
        os.kill(new, signal.SIGKILL)
        await stage.until(lambda: stage.instance.lost == ["new"], "the new one is lost")
        os.kill(old, signal.SIGKILL)
        await stage.until(lambda: stage.instance.lost == ["new", "old"], "the old one is lost")
        assert stage.webserver.runs.keys() == {"other"}
        await stage.until(lambda: stage.served("one"), "it serves again")
        await stage.until(stage.settled, "loaded again")

    play(tmp_path, use)


@pytest.mark.parametrize("name", ["webserver", "daemon"])
def test_a_killed_program_is_started_again(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        await stage.until(lambda: stage.running(name), "started")
        first = stage.running(name)
        assert first
        first.kill()
        await stage.until(lambda: stage.running(name) not in (None, first), "started again")

    play(tmp_path, use)
    assert f"{name:9} | killed by SIGKILL; restarting in 1 s" in capsys.readouterr().out


def test_half_answers_change_nothing(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        for text in ("better", "broken", "best"):
            stage.webserver.silent = 20
            stage.save("one", text)
            await stage.until(lambda: not stage.webserver.silent, "all were asked")
        await stage.loaded()
        assert (stage.served("one") or {})["text"] == "best"

    play(tmp_path, use)


def test_a_failure_after_a_crash_does_not_end_supervision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        stage.instance.failure = OSError("no space left")
        first = stage.webserver.launch("run", "one")
        os.kill(first, signal.SIGKILL)
        await stage.until(lambda: (stage.served("one") or {}).get("pid", first) != first, "again")
        await stage.loaded()

    play(tmp_path, use)
    assert "dev       | runs whose code server ended: no space left" in capsys.readouterr().out


def test_a_server_that_keeps_crashing_is_down_until_its_code_is_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded("two")
        await stage.until(lambda: stage.state("one") == State.DOWN, "down")
        await asyncio.sleep(0.1)  # until the summary is printed
        stage.save("one", "mended")
        await stage.loaded()

    def prepare(stage: Stage) -> None:
        stage.code("one").write_text("crash", encoding="utf-8")

    play(tmp_path, use, prepare=prepare)
    printed = capsys.readouterr().out
    assert "exited with status 1; crashed 5 times, giving up; log: " in printed
    assert "no database" in printed
    assert "1 of 2 locations loaded" in printed


def test_a_new_server_that_crashes_does_not_leave_the_old_one_as_if_it_were_new(
    tmp_path: Path,
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        stage.code("one").write_text("crash", encoding="utf-8")
        stage.save_env("one", "SETTING=new\n")
        await stage.until(lambda: stage.state("one") == State.DOWN, "down")
        await stage.until(lambda: not stage.served("one"), "unreachable")

    play(tmp_path, use)


def test_an_environment_that_cannot_be_built_is_tried_again(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded("two")
        await stage.until(lambda: stage.state("one") == State.DOWN, "down")
        stage.environments.failing.clear()
        await stage.loaded()
        assert stage.environments.built == ["one"]

    def prepare(stage: Stage) -> None:
        stage.environments.stale_teams.add("one")
        stage.environments.failing.add("one")

    play(tmp_path, use, prepare=prepare)


def test_a_signal_ends_a_platform_that_builds(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.until(lambda: stage.state("one") == State.BUILDING, "building")

    def prepare(stage: Stage) -> None:
        stage.environments.stale_teams.add("one")
        stage.environments.build_seconds = 600

    play(tmp_path, use, prepare=prepare)


def test_slow_reloads_do_not_delay_the_end(tmp_path: Path) -> None:
    names = [f"team{number}" for number in range(40)]

    async def use(stage: Stage) -> None:
        await stage.loaded()

        async def reload(name: str) -> None:
            await in_thread(time.sleep, 60)

        stage.webserver.reload = reload  # type: ignore[method-assign]
        for name in names:
            stage.save(name, "better")
        await stage.until(
            lambda: all(stage.state(name) == State.RELOADING for name in names), "reloading"
        )

    play(tmp_path, use, *names)


def test_a_registry_that_is_invalid_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        stage.registry_error = DevkitError("workspace.yaml, line 1: no")
        stage.save_registry()
        await stage.until(lambda: "line 1: no" in capsys.readouterr().out, "reported")
        assert stage.state("one") == State.LOADED

    play(tmp_path, use)


def test_what_goes_wrong_with_one_location_is_its_own_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded("two")
        await stage.until(lambda: stage.state("one") == State.DOWN, "down")
        stage.save_env("one", "SETTING=mended\n")
        await stage.loaded()

    def prepare(stage: Stage) -> None:
        stage.teams[0].env_file.write_bytes("SETTING=caf\u00e9\n".encode("latin-1"))

    play(tmp_path, use, prepare=prepare)
    assert "one       | down: " in capsys.readouterr().out


def test_code_that_saves_itself_is_loaded_and_the_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        saves = 0
        while stage.state("one") != State.LOADED or saves < 8:
            if stage.state("one") in (State.STARTING, State.RELOADING) and not stage.pending("one"):
                saves += 1
                stage.save("one", f"slow {saves}")
            elif saves == 0:
                stage.save("one", "slow")
            await asyncio.sleep(0.002)

    play(tmp_path, use)
    assert "one/code.txt; loading it less and less often" in capsys.readouterr().out


def test_variables_that_are_mended_to_what_they_were_bring_a_location_back(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        stage.save_env("one", "SETTING=old\n")
        await stage.loaded()
        await stage.until(stage.settled, "loaded")
        stage.save_env("one", "<<<<<<< HEAD\n")
        await stage.until(lambda: stage.state("one") == State.DOWN, "down")
        stage.save_env("one", "SETTING=old\n")
        await stage.loaded()

    play(tmp_path, use)


def test_a_save_while_a_killed_server_starts_again_is_loaded(tmp_path: Path) -> None:
    """It has read its code before the save, and can't be asked to reload it yet."""

    async def use(stage: Stage) -> None:
        stage.save("one", "slow before")
        await stage.loaded()
        await stage.until(stage.settled, "loaded")
        for number in range(3):
            first = stage.pid("one")
            os.kill(first, signal.SIGKILL)
            await stage.until(partial(stage.starting, "one", first), "it starts again")
            stage.save("one", f"slow after {number}")
            await stage.until(lambda: stage.served("one"), "it serves")
            await stage.until(stage.settled, "loaded")
            answer = stage.served("one")
            assert answer and answer["text"] == f"slow after {number}"

    play(tmp_path, use)


def test_a_save_ends_the_pause_of_code_that_saves_itself(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()
        stage.location(
            "one"
        )._brake._interrupted = 20  # as after many loads: the pause is the longest
        stage.save("one", "slow by itself")
        await stage.until(lambda: stage.state("one") == State.RELOADING, "reloading")
        stage.save("one", "good by itself")
        await stage.until(lambda: stage.state("one") == State.LOADED, "loaded, and waiting")
        await asyncio.sleep(0.1)
        stage.save("one", "good by hand")
        await stage.until(lambda: (stage.served("one") or {})["text"] == "good by hand", "loaded")

    play(tmp_path, use)


def test_a_team_to_debug_has_one_server_at_a_time(tmp_path: Path) -> None:
    async def use(stage: Stage) -> None:
        await stage.loaded()

    async def run() -> None:
        probe = Stage(tmp_path / "probe", ["one"])
        options = Options(port=1, reload=False, debug=probe.teams[0])
        async with playing(tmp_path / "real", "one", options=options) as stage:
            await use(stage)

    (tmp_path / "probe").mkdir()
    asyncio.run(run())


class Chaos:
    """Random saves, kills, registry changes, runs and failures on a stage, and their checks."""

    def __init__(self, stage: Stage, numbers: random.Random) -> None:
        self.stage = stage
        self.numbers = numbers
        self.made = 2
        self.killed: set[int] = set()
        self.servers: dict[str, int] = {}  # the process that has started each unfinished run
        self.steps = [
            self.save, self.save, self.save_env, self.build, self.add, self.remove, self.kill,
            self.launch, self.finish, self.lose_answers, self.break_registry,
        ]  # fmt: skip

    def step(self) -> str:
        """Do something; returns what."""
        chosen = self.numbers.choice(self.steps)
        chosen()
        return chosen.__name__

    def save(self) -> None:
        text = self.numbers.choice(["good", "broken", "slow", "parent", "crash", "stubborn"])
        self.stage.save(self._name(), f"{text} {self.numbers.random()}")

    def save_env(self) -> None:
        self.stage.save_env(self._name(), f"SETTING={self.numbers.randrange(3)}\n")

    def build(self) -> None:
        name = self._name()
        self.stage.environments.stale_teams.add(name)
        if self.numbers.random() < 0.3:
            self.stage.environments.failing.add(name)
        self.stage.save_env(name, "SETTING=built\n")

    def add(self) -> None:
        if len(self.stage.teams) < 5:
            self.made += 1
            self.stage.add(f"team{self.made}")
            self.stage.save_registry()

    def remove(self) -> None:
        if len(self.stage.teams) > 1:
            self.stage.remove(self._name())
            self.stage.save_registry()

    def break_registry(self) -> None:
        self.stage.registry_error = DevkitError("workspace.yaml: a conflict")
        self.stage.save_registry()

    def kill(self) -> None:
        running = self.stage.processes()  # none for a moment after several kills
        with suppress(psutil.NoSuchProcess, IndexError):
            process = self.numbers.choice(running)
            process.kill()
            self.killed.add(process.pid)

    def launch(self) -> None:
        name = self._name()
        with suppress(AssertionError, KeyError, OSError):  # it is not up
            run = f"run{self.numbers.random()}"
            self.servers[run] = self.stage.webserver.launch(run, name)

    def finish(self) -> None:
        for run in list(self.stage.webserver.runs)[:1]:
            del self.stage.webserver.runs[run]

    def lose_answers(self) -> None:
        self.stage.webserver.silent = self.numbers.randrange(30)

    def _name(self) -> str:
        return self.numbers.choice(self.stage.teams).name

    async def check(self) -> None:
        """Let everything come to rest, and compare what is with what should be."""
        stage = self.stage
        stage.registry_error = None
        stage.environments.failing.clear()
        stage.save_registry()
        for team in stage.teams:  # what gave up is tried again by the next save
            if stage.state(team.name) == State.DOWN:
                stage.save(team.name, "good")
        await stage.until(stage.settled, "everything comes to rest")
        try:
            await stage.until(lambda: not self._untrue(), "a true state")
        except AssertionError as error:
            raise AssertionError("\n".join([*self._untrue(), str(error)])) from None

    def _untrue(self) -> list[str]:
        """What is not as it should be."""
        stage, wrong = self.stage, []
        links = [location.socket for location in stage.platform.locations.values()]
        targets = {str(link.readlink()) for link in links}
        if len(targets) != len(links):
            wrong.append(f"{len(links)} locations, {len(targets)} sockets")
        if stage.webserver.sockets().keys() != {team.name for team in stage.teams}:
            wrong.append("the workspace file is not the registry")
        for team in stage.teams:
            text = stage.code(team.name).read_text(encoding="utf-8")
            state, answer = stage.state(team.name), stage.served(team.name)
            loaded = State.BROKEN if "broken" in text else State.LOADED
            # What is reloaded in a server that is up does not start it, and so does not crash it.
            if state != loaded and not (state == State.DOWN and "crash" in text):
                wrong.append(f"{team.name} is {state} with {text}")
            if state != State.DOWN and (answer is None or answer["text"] != text):
                wrong.append(f"{team.name} serves {answer} instead of {text}")
            setting = (
                team.env_file.read_text(encoding="utf-8").strip() if team.env_file.exists() else ""
            )
            if answer and setting and answer["env"] != setting.partition("=")[2]:
                wrong.append(f"{team.name} has {answer['env']} instead of {setting}")
        alive = {process.pid for process in stage.processes()}
        wrong += [
            f"{run} has lost its server"
            for run in stage.webserver.runs
            if self.servers[run] not in alive | self.killed
        ]
        return wrong


def test_whatever_happens_the_platform_is_in_a_true_state(tmp_path: Path) -> None:
    seed, numbers = seeded()
    print(f"SEED={seed}")

    async def use(stage: Stage) -> None:
        await stage.loaded()
        chaos = Chaos(stage, numbers)
        for number in range(300):
            print(chaos.step())
            await asyncio.sleep(numbers.choice([0, 0.002, 0.01]))
            if number % 30 == 29:
                await chaos.check()

    play(tmp_path, use)

"""The brake of code that saves itself, with a clock that a test sets."""

import asyncio
from pathlib import Path

import pytest

from devkit.dev import brake
from devkit.dev.brake import INTERRUPTED_LOADS, Brake
from devkit.dev.clock import Clock

FILE = Path("/package/state.json")


class SetClock(Clock):
    """A clock that stands still; it records how long the timeouts are, which end at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.timeouts: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def timeout(self, seconds: float) -> asyncio.Timeout:
        self.timeouts.append(seconds)
        return asyncio.timeout(0)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def load(one: Brake, clock: SetClock, *saved: Path) -> set[Path]:
    """A load during which files are saved."""
    clock.now += 60
    one.loading = True
    for file in saved:
        one.save(file)
    return one.end_load()


def test_saves_in_several_loads_in_a_row_turn_it_on_and_are_named_once(clock: SetClock) -> None:
    one = Brake(clock)
    for _ in range(INTERRUPTED_LOADS - 1):
        assert load(one, clock, FILE) == set()
        assert not one.is_on
    assert load(one, clock, FILE) == {FILE}
    assert one.is_on
    assert load(one, clock, FILE) == set()
    assert one.is_on


def test_a_load_without_a_save_turns_it_off(clock: SetClock) -> None:
    one = Brake(clock)
    for _ in range(INTERRUPTED_LOADS):
        load(one, clock, FILE)
    load(one, clock)
    assert not one.is_on


@pytest.mark.parametrize("late", [False, True])
def test_a_save_between_loads_does_not_count_but_one_that_is_reported_late_does(
    clock: SetClock, late: bool
) -> None:
    one = Brake(clock)
    for _ in range(INTERRUPTED_LOADS + 1):
        load(one, clock)
        clock.now += brake.REPORTED_WITHIN_SECONDS * (0.5 if late else 2)
        one.save(FILE)
    assert one.is_on is late


def test_pauses_grow_up_to_the_longest(clock: SetClock) -> None:
    async def pauses() -> None:
        one = Brake(clock)
        for _ in range(INTERRUPTED_LOADS + 2000):
            load(one, clock, FILE)
            await one.pause()

    asyncio.run(pauses())
    assert clock.timeouts[:4] == [1, 2, 4, 8]
    assert clock.timeouts[-1] == brake.LONGEST_PAUSE_SECONDS


def test_there_is_no_pause_while_it_is_off(clock: SetClock) -> None:
    one = Brake(clock)
    load(one, clock, FILE)
    asyncio.run(one.pause())
    assert clock.timeouts == []

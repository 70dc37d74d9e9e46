"""The same work for each of many units, side by side: every result, one summary.

One unit or many is the same code path: all results are gathered and told before anything
fails, so one team's failure never hides another's result.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from devkit import output, processes
from devkit.errors import DevkitError

X = TypeVar("X")
Y = TypeVar("Y")


@dataclass(frozen=True)
class Outcome:
    """What became of one unit: `text` for its line, `details` for its block.

    `seconds` is how long it took by the clock.
    """

    name: str
    ok: bool
    text: str = ""
    details: str = ""
    seconds: float = 0.0


# A unit's work: it returns its line's text or a whole outcome, and raises DevkitError to fail.
Work = Callable[[], "str | Outcome"]


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(doing: str, units: Mapping[str, Work], *, at_a_time: int | None = None) -> list[Outcome]:
    """Do the work of every unit, `at_a_time` side by side (default: a unit for each core).

    Prints a line for each unit as it is done, then a block for each that has details.
    Ctrl-C ends the programs that are under way before it goes on upwards.
    """
    width = max(map(len, units), default=0)
    outcomes: dict[str, Outcome] = {}
    progress = output.Progress(doing)
    with ThreadPoolExecutor(max_workers=at_a_time or cores()) as pool:

        def one(name: str, work: Work) -> Outcome:
            progress.start(name)
            return _outcome(name, work)

        # The work begins first: seeing to the terminal takes a while.
        waiting: set[Future[Outcome]] = {
            pool.submit(one, name, work) for name, work in units.items()
        }
        try:
            with output.under_way(progress):
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for outcome in (future.result() for future in done):
                        progress.end(outcome.name)
                        outcomes[outcome.name] = outcome
                        output.result(
                            outcome.ok, outcome.name, outcome.text, outcome.seconds, width
                        )
        except BaseException:
            _end(pool, waiting)
            raise
    ordered = [outcomes[name] for name in units]
    for outcome in ordered:
        if outcome.details:
            output.block(outcome.name, outcome.details)
    return ordered


def gather(work: Callable[[X], Y], units: Sequence[X]) -> list[Y]:
    """The work's results for each unit, in order and in silence, a unit for each core."""
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        futures = [pool.submit(work, unit) for unit in units]
        try:
            return [future.result() for future in futures]
        except BaseException:
            _end(pool, futures)
            raise


def require(outcomes: Sequence[Outcome], *, mend: str | None = None) -> None:
    """Fail, once, if any unit did.

    Raises:
        DevkitError: naming each unit that failed.
    """
    failed = [outcome.name for outcome in outcomes if not outcome.ok]
    if failed:
        raise DevkitError(
            f"{len(failed)} of {len(outcomes)} failed: {', '.join(failed)}", mend=mend
        )


def _end(pool: ThreadPoolExecutor, futures: Iterable[Future[Any]]) -> None:
    """Begin nothing more, and end the programs that are under way."""
    pool.shutdown(wait=False, cancel_futures=True)
    while any(future.running() for future in futures):
        processes.end_all()
        time.sleep(0.02)


def _outcome(name: str, work: Work) -> Outcome:
    started = time.monotonic()
    try:
        got = work()
    except DevkitError as error:
        what, _, rest = str(error.message).partition("\n")
        got = Outcome(name, ok=False, text=what, details=rest)
    if isinstance(got, str):
        got = Outcome(name, ok=True, text=got)
    seconds = got.seconds or time.monotonic() - started
    return Outcome(name, got.ok, got.text, got.details, seconds)

"""Runs jobs side by side, prints every result, and summarizes the failures.

One job takes the same code path as many: all results are gathered and printed before anything
fails, so one team's failure, or a bug that it brings about, never hides another team's result.
"""

import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from devkit.core import cgroups, filelocks, output, processes
from devkit.core.errors import FIXABLE, DevkitError, fixable

X = TypeVar("X")
Y = TypeVar("Y")

# How long what has no program to end, such as copying a file, may take after Ctrl-C.
LONGEST_END_SECONDS = 2.0

_left_running = False
_jobs = 0  # the user's choice (`--jobs`); 0 means one for each core


@dataclass(frozen=True)
class Outcome:
    """The result of one job: `text` is for its line, `details` for its block.

    `seconds` is its elapsed time; `bug` is the unexpected exception that ended it, if one did.
    """

    name: str
    ok: bool
    text: str = ""
    details: str = ""
    seconds: float = 0.0
    bug: Exception | None = None


# What a job does: it returns the text of its line or an Outcome, and raises DevkitError to fail.
Work = Callable[[], "str | Outcome"]


def set_jobs(number: int) -> None:
    """Set how many jobs run side by side; 0 means one for each core.

    Raises:
        DevkitError: for a negative number.
    """
    global _jobs
    if number < 0:
        raise DevkitError(f"invalid number of jobs: {number}", fix="--jobs 1, or more")
    _jobs = number


def jobs() -> int:
    """The number of jobs that run side by side."""
    return _jobs or cores()


def cores() -> int:
    """The number of processors that this process may use: in a container, its share of them."""
    every = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    share = cgroups.processors()
    return max(1, min(every or 1, int(share) if share is not None else sys.maxsize))


def run(doing: str, work: Mapping[str, Work], *, at_a_time: int | None = None) -> list[Outcome]:
    """Run every job, `at_a_time` side by side (default: `jobs()`); returns outcomes in order.

    Prints a line for each job as it finishes, then a block for each that has details. Ctrl-C ends
    the running programs before it is raised; a bug is raised when all jobs have ended.
    """
    width = max(map(len, work), default=0)
    outcomes: dict[str, Outcome] = {}
    progress = output.Progress(doing)
    waiting: set[Future[Outcome]] = set()
    with _pool(at_a_time or jobs(), waiting) as pool:

        def one(name: str, job: Work) -> Outcome:
            progress.start(name)
            return _outcome(name, job)

        # Jobs start first, since setting up the terminal takes a while.
        for name, job in work.items():
            waiting.add(pool.submit(one, name, job))
        with output.spinner(progress):
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                waiting -= done
                for outcome in (future.result() for future in done):
                    progress.end(outcome.name)
                    outcomes[outcome.name] = outcome
                    output.result(outcome.ok, outcome.name, outcome.text, outcome.seconds, width)
    ordered = [outcomes[name] for name in work]
    for outcome in ordered:
        if outcome.details:
            output.block(outcome.name, outcome.details)
    if bug := next((outcome.bug for outcome in ordered if outcome.bug), None):
        raise bug
    return ordered


def gather(work: Callable[[X], Y], items: Sequence[X]) -> list[Y]:
    """The result of `work` for each item, in order, `jobs()` side by side; prints nothing."""
    futures: list[Future[Y]] = []
    with _pool(jobs(), futures) as pool:
        futures.extend(pool.submit(work, item) for item in items)
        return [future.result() for future in futures]


def require(outcomes: Sequence[Outcome], *, fix: str | None = None) -> None:
    """Require that every job succeeded.

    Raises:
        DevkitError: naming each job that failed.
    """
    failed = [outcome.name for outcome in outcomes if not outcome.ok]
    if failed:
        raise DevkitError(f"{len(failed)} of {len(outcomes)} failed: {', '.join(failed)}", fix=fix)


def left_running() -> bool:
    """Whether a job could not be ended: it waits for something that never comes."""
    return _left_running


@contextmanager
def _pool(size: int, futures: Collection[Future[Any]]) -> Iterator[ThreadPoolExecutor]:
    """Threads for jobs; Ctrl-C and other exceptions end the jobs, whose `futures` are these."""
    pool = ThreadPoolExecutor(max_workers=size)
    try:
        yield pool
    except BaseException:
        _end(pool, futures)
        raise
    pool.shutdown()


def _end(pool: ThreadPoolExecutor, futures: Collection[Future[Any]]) -> None:
    """Start no more jobs, and end the running programs; another Ctrl-C kills them at once."""
    global _left_running
    pool.shutdown(wait=False, cancel_futures=True)
    grace = processes.GRACE_SECONDS
    until = time.monotonic() + grace + LONGEST_END_SECONDS
    with filelocks.abandoned():
        while any(future.running() for future in futures) and time.monotonic() < until:
            try:
                processes.end_all(grace)
                time.sleep(0.02)
            except KeyboardInterrupt:
                grace = 0.0
    _left_running = any(future.running() for future in futures)


def _outcome(name: str, job: Work) -> Outcome:
    """The result of a job: what the user can fix is a failure of this job, and so is a bug."""
    started = time.monotonic()
    try:
        outcome = job()
    except FIXABLE as error:
        what, _, rest = str(fixable(error)).partition("\n")
        outcome = Outcome(name, ok=False, text=what, details=rest)
    except Exception as error:  # noqa: BLE001 (`run` raises it)
        text = f"unexpected error: {type(error).__name__}: {error}"
        outcome = Outcome(name, ok=False, text=text, bug=error)
    if isinstance(outcome, str):
        outcome = Outcome(name, ok=True, text=outcome)
    return replace(outcome, seconds=outcome.seconds or time.monotonic() - started)

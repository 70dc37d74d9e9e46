"""Blocking calls in threads of their own."""

import asyncio
import threading

import pytest

from devkit.core.threads import in_thread


def test_in_thread_returns_or_raises_what_the_function_does() -> None:
    async def use() -> None:
        assert await in_thread(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await in_thread(divmod, 7, 0)

    asyncio.run(use())


def test_slow_calls_take_no_thread_from_others_and_nobody_waits_for_them() -> None:
    end = threading.Event()

    async def use() -> None:
        slow = [asyncio.create_task(in_thread(end.wait, 60)) for _ in range(200)]
        await asyncio.sleep(0)
        assert await in_thread(divmod, 7, 2) == (3, 1)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(use())  # returns although all the slow ones still wait
    assert not end.is_set()
    end.set()

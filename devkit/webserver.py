"""What the running webserver says of all locations, asked once for everybody who waits for it."""

import asyncio
import contextlib

from devkit import graphql

POLL_SECONDS = 0.25


class Webserver:
    """What the webserver at `url` says, asked once for everybody who waits for it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._asking: asyncio.Task[dict[str, float]] | None = None

    async def updates(self) -> dict[str, float]:
        """When it last looked at each location; nothing while it does not answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> dict[str, float]:
        await asyncio.sleep(POLL_SECONDS)
        with contextlib.suppress(OSError, RuntimeError):  # not yet, or not just now
            return await asyncio.to_thread(graphql.updates, self.url)
        return {}

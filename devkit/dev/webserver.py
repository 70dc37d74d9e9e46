"""A client of Dagster's GraphQL API: asks the running webserver about its code locations."""

import asyncio
import contextlib
import http.client
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devkit.core.threads import in_thread
from devkit.dev.clock import Clock

LOCATION = """
query Location($name: String!) {
  workspaceLocationEntryOrError(name: $name) {
    __typename
    ... on WorkspaceLocationEntry {
      name
      loadStatus
      updatedTimestamp
      locationOrLoadError {
        __typename
        ... on PythonError { message stack errorChain { error { message stack } } }
      }
    }
  }
}
"""
UPDATES = """
{ locationStatusesOrError {
    ... on WorkspaceLocationStatusEntries { entries { name loadStatus updateTimestamp } } } }
"""
UNFINISHED = """
{ runsOrError(filter: {statuses: [STARTING, STARTED, CANCELING]}) {
    ... on Runs { results { id } } } }
"""
RELOAD = """
mutation Reload($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
    ... on WorkspaceLocationEntry { locationOrLoadError { ... on PythonError { message } } }
    ... on ReloadNotSupported { message }
    ... on RepositoryLocationNotFound { message }
    ... on UnauthorizedError { message }
    ... on PythonError { message }
  }
}
"""
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.25
RELOAD_SECONDS = 600.0  # as long as the team's code takes to load
UNREACHABLE = "DagsterUserCodeUnreachableError"

# What a request raises if the answer is missing, half, late, or that of another program.
NO_ANSWER = (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, AttributeError)

# A proxy of the shell's is for the way out of this machine.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NoAnswerError(ConnectionError):
    """The webserver gave no answer, or none that makes sense."""


@dataclass(frozen=True)
class LocationEntry:
    """The webserver's entry of a code location.

    `error` is a whole traceback, or None. `updated` is when the webserver last checked the
    location, in seconds since the epoch.
    """

    name: str
    error: str | None
    updated: float

    @property
    def unreachable(self) -> bool:
        """Whether the code server did not answer: the error is not in the code then."""
        return self.error is not None and UNREACHABLE in self.error


def ask(
    url: str, query: str, variables: dict[str, Any] | None = None, timeout: float = ANSWER_SECONDS
) -> dict[str, Any]:
    """Send one query or mutation and return its `data`; `timeout` is in seconds.

    Raises:
        NoAnswerError: if there is no answer, it is not Dagster's, or it is a GraphQL error.
    """
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(  # noqa: S310 (the URL is our own webserver's)
        f"{url}/graphql", data=body, headers={"Content-Type": "application/json"}
    )
    with _one_error(), DIRECT.open(request, timeout=timeout) as response:
        answer: dict[str, Any] = json.load(response)
        if "errors" in answer:
            raise NoAnswerError(json.dumps(answer["errors"])[:2000])
        return dict(answer["data"])


class Client:
    """Asks the webserver at `url`. Every method raises NoAnswerError, and nothing else."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self._clock = clock
        self._request: asyncio.Task[dict[str, float]] | None = None

    async def is_up(self) -> bool:
        """Whether the webserver serves the UI and the API."""
        try:
            await in_thread(ask, self.url, "{ __typename }")
        except NoAnswerError:
            return False
        return True

    async def updates(self) -> dict[str, float]:
        """When the webserver last checked each location, in seconds since the epoch.

        Omits locations that it is loading; empty while it does not answer. All who wait for an
        answer share one request.
        """
        if self._request is None or self._request.done():
            self._request = asyncio.create_task(self._ask_for_updates())
        return await asyncio.shield(self._request)

    async def location(self, name: str) -> LocationEntry | None:
        """The webserver's entry of a location; None if it is unknown or loading."""
        with _one_error():
            data = await in_thread(ask, self.url, LOCATION, {"name": name})
            entry = data["workspaceLocationEntryOrError"]
            if not entry or entry.get("loadStatus") != "LOADED" or not entry["locationOrLoadError"]:
                return None
            error = _error(entry["locationOrLoadError"])
            return LocationEntry(name, error, float(entry["updatedTimestamp"]))

    async def reload(self, name: str) -> None:
        """Have a location's code server reload its code; returns once it has, or has failed to.

        A code server that did not answer has not been asked: that is an error here.
        """
        with _one_error():
            data = await in_thread(ask, self.url, RELOAD, {"name": name}, RELOAD_SECONDS)
            answer = data["reloadRepositoryLocation"]
            if answer["__typename"] != "WorkspaceLocationEntry":
                raise NoAnswerError(answer.get("message") or answer["__typename"])
            if UNREACHABLE in (answer.get("locationOrLoadError") or {}).get("message", ""):
                raise NoAnswerError("its code server does not answer")

    async def unfinished_runs(self) -> set[str]:
        """The ids of the runs that have started and not ended."""
        with _one_error():
            runs = (await in_thread(ask, self.url, UNFINISHED))["runsOrError"]["results"]
            return {str(run["id"]) for run in runs}

    async def _ask_for_updates(self) -> dict[str, float]:
        await self._clock.sleep(POLL_SECONDS)
        with contextlib.suppress(NoAnswerError), _one_error():  # it is starting or restarting
            data = await in_thread(ask, self.url, UPDATES)
            return {
                entry["name"]: float(entry["updateTimestamp"])
                for entry in data["locationStatusesOrError"]["entries"]
                if entry["loadStatus"] == "LOADED"
            }
        return {}


@contextlib.contextmanager
def _one_error() -> Iterator[None]:
    """Turn everything that an answer can be wrong about into the one error of this module."""
    try:
        yield
    except NoAnswerError:
        raise
    except NO_ANSWER as error:
        raise NoAnswerError(f"{type(error).__name__}: {error}") from error


def _error(state: dict[str, Any]) -> str | None:
    if state["__typename"] != "PythonError":
        return None
    chain = [state, *(link["error"] for link in state["errorChain"])]
    return "\n".join("".join(error["stack"]) + error["message"] for error in chain)

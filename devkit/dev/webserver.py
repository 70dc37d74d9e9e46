"""A client of Dagster's GraphQL API: asks the running webserver about its code locations."""

import asyncio
import contextlib
import json
import urllib.request
from dataclasses import dataclass
from typing import Any

ENTRY = """
fragment Entry on WorkspaceLocationEntry {
  name
  loadStatus
  updatedTimestamp
  locationOrLoadError {
    __typename
    ... on PythonError { message stack errorChain { error { message stack } } }
  }
}
"""
LOCATION = (
    ENTRY
    + """
query Location($name: String!) {
  workspaceLocationEntryOrError(name: $name) {
    __typename
    ...Entry
  }
}
"""
)
UPDATES = """
{ locationStatusesOrError {
    ... on WorkspaceLocationStatusEntries { entries { name loadStatus updateTimestamp } } } }
"""
UNFINISHED = """
{ runsOrError(filter: {statuses: [STARTING, STARTED, CANCELING]}, limit: 1) {
    ... on Runs { results { id } } } }
"""
RELOAD = """
mutation Reload($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
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
        OSError: if the webserver does not answer.
        RuntimeError: if the answer is a GraphQL error.
    """
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(  # noqa: S310 (the URL is our own webserver's)
        f"{url}/graphql", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    if "errors" in answer:
        raise RuntimeError(json.dumps(answer["errors"])[:2000])
    data: dict[str, Any] = answer["data"]
    return data


def updates(url: str) -> dict[str, float]:
    """When the webserver last checked each location, in seconds since the epoch.

    Omits locations that it is loading.

    Raises:
        OSError: if the webserver does not answer.
    """
    entries = ask(url, UPDATES)["locationStatusesOrError"].get("entries", [])
    return {
        entry["name"]: entry["updateTimestamp"]
        for entry in entries
        if entry["loadStatus"] == "LOADED"
    }


def has_unfinished_runs(url: str) -> bool:
    """Whether there are runs that have started and not ended.

    Raises:
        OSError: if the webserver does not answer.
        RuntimeError: if the answer is a GraphQL error.
    """
    return bool(ask(url, UNFINISHED)["runsOrError"].get("results", True))


def location(url: str, name: str) -> LocationEntry | None:
    """The webserver's entry of a location; None if it is unknown or loading.

    Raises:
        OSError: if the webserver does not answer.
    """
    entry = ask(url, LOCATION, {"name": name})["workspaceLocationEntryOrError"]
    if not entry or entry.get("loadStatus") != "LOADED" or not entry["locationOrLoadError"]:
        return None
    return LocationEntry(name, _error(entry["locationOrLoadError"]), entry["updatedTimestamp"])


def reload(url: str, name: str) -> None:
    """Have a location's code server reload its code; returns once it has reloaded or failed to.

    Raises:
        OSError: if the webserver does not answer.
        RuntimeError: if the webserver refuses.
    """
    answer = ask(url, RELOAD, {"name": name}, timeout=RELOAD_SECONDS)["reloadRepositoryLocation"]
    if answer["__typename"] != "WorkspaceLocationEntry":
        raise RuntimeError(answer.get("message") or answer["__typename"])


def answers(url: str) -> bool:
    """Whether the webserver serves the UI and the API."""
    try:
        ask(url, "{ __typename }")
    except OSError:
        return False
    return True


def _error(state: dict[str, Any]) -> str | None:
    if state["__typename"] != "PythonError":
        return None
    chain = [state, *(link["error"] for link in state["errorChain"])]
    return "\n".join("".join(error["stack"]) + error["message"] for error in chain)


class Webserver:
    """The webserver at `url`; all who wait for an answer share one request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._request: asyncio.Task[dict[str, float]] | None = None

    async def updates(self) -> dict[str, float]:
        """When it last checked each location; empty while it does not answer."""
        if self._request is None or self._request.done():
            self._request = asyncio.create_task(self._ask())
        return await asyncio.shield(self._request)

    async def _ask(self) -> dict[str, float]:
        await asyncio.sleep(POLL_SECONDS)
        with contextlib.suppress(OSError, RuntimeError):  # it is starting or restarting
            return await asyncio.to_thread(updates, self.url)
        return {}

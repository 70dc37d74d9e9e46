"""What the running webserver says of its code locations, through Dagster's GraphQL API."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

LOCATIONS = """
query Locations {
  workspaceOrError {
    __typename
    ... on Workspace {
      locationEntries {
        name
        loadStatus
        locationOrLoadError {
          __typename
          ... on PythonError { message stack errorChain { error { message stack } } }
        }
      }
    }
  }
}
"""


@dataclass(frozen=True)
class Location:
    """One code location as the webserver sees it; `error` is a whole traceback or None."""

    name: str
    error: str | None


def ask(url: str, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """Send one query or mutation and return its `data`.

    Raises:
        OSError: if nobody answers there (yet).
        RuntimeError: if the answer is a GraphQL error.
    """
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(  # noqa: S310 (the URL is our own webserver's)
        f"{url}/graphql", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    if "errors" in answer:
        raise RuntimeError(json.dumps(answer["errors"])[:2000])
    data: dict[str, Any] = answer["data"]
    return data


def locations(url: str) -> list[Location]:
    """The locations that are no longer loading, with the errors of those that failed.

    Raises:
        OSError: if nobody answers there (yet).
    """
    workspace = ask(url, LOCATIONS)["workspaceOrError"]
    found = []
    for entry in workspace.get("locationEntries", []):
        state = entry["locationOrLoadError"]
        if entry["loadStatus"] == "LOADED" and state:
            found.append(Location(entry["name"], _error(state)))
    return found


def _error(state: dict[str, Any]) -> str | None:
    if state["__typename"] != "PythonError":
        return None
    chain = [state, *(link["error"] for link in state["errorChain"])]
    return "\n".join("".join(error["stack"]) + error["message"] for error in chain)

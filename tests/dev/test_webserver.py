"""The client of Dagster's GraphQL API, against a tiny HTTP server with prepared answers."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from devkit.dev import webserver
from devkit.dev.webserver import LocationEntry, Webserver
from testing.platform import free_port


class GraphQL:
    """A GraphQL server: it gives the answers in `answers`, and records its requests."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.requests.append({"path": self.path, **request})
                body = json.dumps(fake.answers.pop(0)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, **data: Any) -> None:
        """Queue the data of an answer."""
        self.answers.append({"data": data})


@pytest.fixture
def graphql() -> Iterator[GraphQL]:
    """A running server without any answers yet."""
    fake = GraphQL()
    thread = threading.Thread(target=fake.server.serve_forever, args=(0.02,))
    thread.start()
    yield fake
    fake.server.shutdown()
    thread.join()
    fake.server.server_close()


def location_answer(state: dict[str, Any] | None, status: str = "LOADED") -> dict[str, Any]:
    return {
        "workspaceLocationEntryOrError": {
            "__typename": "WorkspaceLocationEntry",
            "name": "ml_project",
            "loadStatus": status,
            "updatedTimestamp": 12.5,
            "locationOrLoadError": state,
        }
    }


def python_error(message: str, *stack: str, chain: tuple[dict[str, Any], ...] = ()) -> Any:
    links = [{"error": error} for error in chain]
    return {"__typename": "PythonError", "message": message, "stack": stack, "errorChain": links}


def test_ask_posts_query_and_variables(graphql: GraphQL) -> None:
    graphql.answer(answer=42)
    assert webserver.ask(graphql.url, "query Q { answer }", {"name": "ml"}) == {"answer": 42}
    assert graphql.requests == [
        {"path": "/graphql", "query": "query Q { answer }", "variables": {"name": "ml"}}
    ]


def test_ask_raises_a_graphql_error(graphql: GraphQL) -> None:
    graphql.answers.append({"data": None, "errors": [{"message": "Unknown field"}]})
    with pytest.raises(RuntimeError, match="Unknown field"):
        webserver.ask(graphql.url, "{ nonsense }")


def test_ask_raises_oserror_while_no_webserver_listens() -> None:
    with pytest.raises(OSError, match="refused"):
        webserver.ask(f"http://127.0.0.1:{free_port()}", "{ __typename }")


def test_answers(graphql: GraphQL) -> None:
    graphql.answer(__typename="Query")
    assert webserver.answers(graphql.url)
    assert not webserver.answers(f"http://127.0.0.1:{free_port()}")


def test_updates_omits_locations_that_are_loading(graphql: GraphQL) -> None:
    entries = [
        {"name": "analytics_project", "loadStatus": "LOADED", "updateTimestamp": 1.5},
        {"name": "ml_project", "loadStatus": "LOADING", "updateTimestamp": 2.5},
    ]
    graphql.answer(locationStatusesOrError={"entries": entries})
    assert webserver.updates(graphql.url) == {"analytics_project": 1.5}


def test_updates_is_empty_if_dagster_reports_an_error(graphql: GraphQL) -> None:
    graphql.answer(locationStatusesOrError={})
    assert webserver.updates(graphql.url) == {}


def test_location_that_is_loaded(graphql: GraphQL) -> None:
    graphql.answer(**location_answer({"__typename": "RepositoryLocation"}))
    entry = webserver.location(graphql.url, "ml_project")
    assert entry == LocationEntry("ml_project", error=None, updated=12.5)
    assert not entry.unreachable
    assert graphql.requests[0]["variables"] == {"name": "ml_project"}


def test_location_that_does_not_load_has_the_whole_chain_of_errors(graphql: GraphQL) -> None:
    cause = {"message": "ZeroDivisionError: division by zero\n", "stack": ["  line 3\n"]}
    error = python_error("DagsterImportError: no\n", "  line 1\n", "  line 2\n", chain=(cause,))
    graphql.answer(**location_answer(error))
    entry = webserver.location(graphql.url, "ml_project")
    assert entry and entry.error == (
        "  line 1\n  line 2\nDagsterImportError: no\n\n"
        "  line 3\nZeroDivisionError: division by zero\n"
    )
    assert not entry.unreachable


def test_location_whose_server_does_not_answer_is_unreachable(graphql: GraphQL) -> None:
    error = python_error("dagster._core.errors.DagsterUserCodeUnreachableError: no server\n")
    graphql.answer(**location_answer(error))
    entry = webserver.location(graphql.url, "ml_project")
    assert entry and entry.unreachable


def test_location_is_none_if_loading_or_unknown(graphql: GraphQL) -> None:
    graphql.answer(**location_answer(None, status="LOADING"))
    graphql.answer(**location_answer(None))
    graphql.answer(workspaceLocationEntryOrError=None)
    assert [webserver.location(graphql.url, "ml_project") for _ in range(3)] == [None] * 3


def test_reload_returns_when_the_location_is_reloaded(graphql: GraphQL) -> None:
    graphql.answer(reloadRepositoryLocation={"__typename": "WorkspaceLocationEntry"})
    webserver.reload(graphql.url, "ml_project")
    (request,) = graphql.requests
    assert request["query"].strip().startswith("mutation")
    assert request["variables"] == {"name": "ml_project"}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"__typename": "RepositoryLocationNotFound", "message": "no location"}, "no location"),
        ({"__typename": "UnauthorizedError"}, "UnauthorizedError"),
    ],
)
def test_reload_that_is_refused_raises_the_reason(
    graphql: GraphQL, answer: dict[str, str], message: str
) -> None:
    graphql.answer(reloadRepositoryLocation=answer)
    with pytest.raises(RuntimeError, match=message):
        webserver.reload(graphql.url, "ml_project")


@pytest.mark.parametrize(
    ("runs", "unfinished"),
    [({"results": []}, False), ({"results": [{"id": "1"}]}, True), ({}, True)],
)
def test_has_unfinished_runs(graphql: GraphQL, runs: dict[str, Any], unfinished: bool) -> None:
    graphql.answer(runsOrError=runs)
    assert webserver.has_unfinished_runs(graphql.url) is unfinished


def test_webserver_shares_one_request_among_all_who_wait(
    graphql: GraphQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webserver, "POLL_SECONDS", 0.01)
    entry = {"name": "ml_project", "loadStatus": "LOADED", "updateTimestamp": 2.5}
    for _ in range(2):
        graphql.answer(locationStatusesOrError={"entries": [entry]})

    async def run() -> None:
        client = Webserver(graphql.url)
        expected = {"ml_project": 2.5}
        assert await asyncio.gather(*(client.updates() for _ in range(3))) == [expected] * 3
        assert len(graphql.requests) == 1
        assert await client.updates() == expected
        assert len(graphql.requests) == 2

    asyncio.run(run())


def test_webserver_has_no_updates_while_it_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webserver, "POLL_SECONDS", 0.01)
    client = Webserver(f"http://127.0.0.1:{free_port()}")
    assert asyncio.run(client.updates()) == {}

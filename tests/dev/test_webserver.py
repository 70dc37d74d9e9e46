"""The client of Dagster's GraphQL API, against a tiny HTTP server with prepared answers."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from devkit.dev import webserver
from devkit.dev.clock import Clock
from devkit.dev.webserver import Client, LocationEntry, NoAnswerError
from testing.platform import free_port


class GraphQL:
    """A GraphQL server: it gives the answers in `answers`, and records its requests."""

    def __init__(self) -> None:
        self.answers: list[Any] = []  # bytes, or what is sent as JSON
        self.missing_bytes = 0  # of each answer's body
        self.requests: list[dict[str, Any]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.requests.append({"path": self.path, **request})
                answer = fake.answers.pop(0)
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body) + fake.missing_bytes))
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


@pytest.fixture
def client(graphql: GraphQL) -> Client:
    """A client of that server."""
    return Client(graphql.url, Clock(speed=50))


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
    with pytest.raises(NoAnswerError, match="Unknown field"):
        webserver.ask(graphql.url, "{ nonsense }")


def test_ask_raises_its_error_while_no_webserver_listens() -> None:
    with pytest.raises(NoAnswerError, match="refused"):
        webserver.ask(f"http://127.0.0.1:{free_port()}", "{ __typename }")


def test_is_up(graphql: GraphQL, client: Client) -> None:
    graphql.answer(__typename="Query")
    assert asyncio.run(client.is_up())
    graphql.answers.append(b"<html>another program</html>")
    assert not asyncio.run(client.is_up())
    nobody = Client(f"http://127.0.0.1:{free_port()}", Clock())
    assert not asyncio.run(nobody.is_up())


def test_updates_omits_locations_that_are_loading(graphql: GraphQL, client: Client) -> None:
    entries = [
        {"name": "analytics_project", "loadStatus": "LOADED", "updateTimestamp": 1.5},
        {"name": "ml_project", "loadStatus": "LOADING", "updateTimestamp": 2.5},
    ]
    graphql.answer(locationStatusesOrError={"entries": entries})
    assert asyncio.run(client.updates()) == {"analytics_project": 1.5}


def test_updates_is_empty_if_dagster_reports_an_error(graphql: GraphQL, client: Client) -> None:
    graphql.answer(locationStatusesOrError={})
    assert asyncio.run(client.updates()) == {}


def test_location_that_is_loaded(graphql: GraphQL, client: Client) -> None:
    graphql.answer(**location_answer({"__typename": "RepositoryLocation"}))
    entry = asyncio.run(client.location("ml_project"))
    assert entry == LocationEntry("ml_project", error=None, updated=12.5)
    assert not entry.unreachable
    assert graphql.requests[0]["variables"] == {"name": "ml_project"}


def test_location_that_does_not_load_has_the_whole_chain_of_errors(
    graphql: GraphQL, client: Client
) -> None:
    cause = {"message": "ZeroDivisionError: division by zero\n", "stack": ["  line 3\n"]}
    error = python_error("DagsterImportError: no\n", "  line 1\n", "  line 2\n", chain=(cause,))
    graphql.answer(**location_answer(error))
    entry = asyncio.run(client.location("ml_project"))
    assert entry and entry.error == (
        "  line 1\n  line 2\nDagsterImportError: no\n\n"
        "  line 3\nZeroDivisionError: division by zero\n"
    )
    assert not entry.unreachable


def test_location_whose_server_does_not_answer_is_unreachable(
    graphql: GraphQL, client: Client
) -> None:
    error = python_error("dagster._core.errors.DagsterUserCodeUnreachableError: no server\n")
    graphql.answer(**location_answer(error))
    entry = asyncio.run(client.location("ml_project"))
    assert entry and entry.unreachable


def test_location_is_none_if_loading_or_unknown(graphql: GraphQL, client: Client) -> None:
    graphql.answer(**location_answer(None, status="LOADING"))
    graphql.answer(**location_answer(None))
    graphql.answer(workspaceLocationEntryOrError=None)
    assert [asyncio.run(client.location("ml_project")) for _ in range(3)] == [None] * 3


def test_reload_returns_when_the_location_is_reloaded(graphql: GraphQL, client: Client) -> None:
    graphql.answer(reloadRepositoryLocation={"__typename": "WorkspaceLocationEntry"})
    asyncio.run(client.reload("ml_project"))
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
    graphql: GraphQL, client: Client, answer: dict[str, str], message: str
) -> None:
    graphql.answer(reloadRepositoryLocation=answer)
    with pytest.raises(NoAnswerError, match=message):
        asyncio.run(client.reload("ml_project"))


def test_unfinished_runs(graphql: GraphQL, client: Client) -> None:
    graphql.answer(runsOrError={"results": [{"id": "one"}, {"id": "two"}]})
    assert asyncio.run(client.unfinished_runs()) == {"one", "two"}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"12",
        {},
        {"data": None},
        {"data": []},
        {"data": {}},
        {
            "data": {
                "workspaceLocationEntryOrError": 1,
                "runsOrError": [],
                "reloadRepositoryLocation": 0,
            }
        },
        {"data": {"locationStatusesOrError": {"entries": [{"name": "x"}]}, "runsOrError": {}}},
        {
            "data": {
                "runsOrError": {"results": [{"name": "x"}]},
                "workspaceLocationEntryOrError": {"loadStatus": "LOADED"},
            }
        },
        "half",
    ],
)
def test_an_answer_that_makes_no_sense_is_one_error(
    graphql: GraphQL, client: Client, answer: Any
) -> None:
    if answer == "half":
        graphql.missing_bytes, answer = 10, b'{"data": {"runsOrError": '
    for ask in (client.unfinished_runs(), client.reload("x"), client.location("x")):
        graphql.answers.append(answer)
        with pytest.raises(NoAnswerError):
            asyncio.run(ask)
    graphql.answers.append(answer)
    assert asyncio.run(client.updates()) == {}


def test_ask_uses_no_proxy(graphql: GraphQL, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    graphql.answer(answer=42)
    assert webserver.ask(graphql.url, "{ answer }") == {"answer": 42}


def test_updates_shares_one_request_among_all_who_wait(graphql: GraphQL, client: Client) -> None:
    entry = {"name": "ml_project", "loadStatus": "LOADED", "updateTimestamp": 2.5}
    for _ in range(2):
        graphql.answer(locationStatusesOrError={"entries": [entry]})

    async def run() -> None:
        expected = {"ml_project": 2.5}
        assert await asyncio.gather(*(client.updates() for _ in range(3))) == [expected] * 3
        assert len(graphql.requests) == 1
        assert await client.updates() == expected
        assert len(graphql.requests) == 2

    asyncio.run(run())

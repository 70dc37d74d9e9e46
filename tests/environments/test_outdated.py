"""Outdated packages: real resolutions from a folder of tiny packages, and an OSV server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from devkit.core.processes import Completed
from devkit.environments.audit import UnreachableError, as_script, read
from devkit.environments.outdated import Row
from testing.support import NO_NETWORK, Checkout, wheel

UNREACHABLE = "http://127.0.0.1:9/"
PROJECT = """[project]
name = "orchestrator"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["tiny<2"]

[dependency-groups]
deploy = []
"""
KNOWN = {
    "id": "TEST-2026-1",
    "modified": "2026-01-01T00:00:00Z",
    "summary": "It is too small.",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "tiny"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.5"}]}],
        }
    ],
}


class Database(BaseHTTPRequestHandler):
    """A database with the API of OSV and one advisory."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        queries = json.loads(self.rfile.read(length))["queries"]
        bad = [(q["package"]["name"], q.get("version")) == ("tiny", "1.0") for q in queries]
        known = {"vulns": [{"id": KNOWN["id"], "modified": KNOWN["modified"]}]}
        self._answer({"results": [known if is_bad else {} for is_bad in bad]})

    def do_GET(self) -> None:
        self._answer(KNOWN)

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _answer(self, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def database() -> Iterator[str]:
    """The URL of a running database."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def behind(checkout: Checkout, tmp_path: Path) -> tuple[Checkout, dict[str, str]]:
    """A copy whose orchestrator has an outdated package, and the settings of its index."""
    for version in ("1.0", "1.5", "2.0"):
        wheel(tmp_path / "wheels", "tiny", version)
    folder = checkout.root / "orchestrator"
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    for lock in folder.glob("*requirements.txt"):
        lock.write_text("tiny==1.0\n", encoding="utf-8")
    settings = tmp_path / "uv.toml"
    settings.write_text(
        f'no-index = true\nfind-links = ["{tmp_path / "wheels"}"]\n', encoding="utf-8"
    )
    index = {**NO_NETWORK, "UV_CONFIG_FILE": str(settings)}
    del index["UV_NO_CONFIG"]
    return checkout, index


def test_locked_allowed_newest_and_advisories_are_shown(
    behind: tuple[Checkout, dict[str, str]],
) -> None:
    checkout, index = behind
    with database() as url:
        done = checkout.tasks("outdated", "--team", "orchestrator", "--osv", url, env=index)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = [line.split() for line in done.stdout.splitlines() if line.startswith(" tiny ")]
    assert row[:6] == ["tiny", "orchestrator", "1.0", "1.5", "2.0", "major;"]
    assert " ".join(row[6:]) == "TEST-2026-1 (fixed in 1.5)"


def test_json_has_every_field_and_an_unreachable_database_is_no_failure(
    behind: tuple[Checkout, dict[str, str]],
) -> None:
    checkout, index = behind
    options = ("--team", "orchestrator", "--json", "--osv", UNREACHABLE)
    done = checkout.tasks("outdated", *options, env=index)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {
            "package": "tiny",
            "project": "orchestrator",
            "locked": "1.0",
            "allowed": "1.5",
            "newest": "2.0",
            "named": True,
            "advisories": [],
            "major": True,
        }
    ]
    assert f"unknown: {UNREACHABLE} is unreachable" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_network_is_one_line_for_each_project_and_no_version(checkout: Checkout) -> None:
    done = checkout.tasks("outdated", "--team", "ml,analytics", env=NO_NETWORK)
    assert done.returncode == 1
    assert done.stdout.count("No network: the package index can't be reached.") >= 3
    assert "2 of 3 failed: analytics, ml" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_project_that_cannot_be_resolved_does_not_hide_the_others(
    behind: tuple[Checkout, dict[str, str]],
) -> None:
    checkout, index = behind
    done = checkout.tasks("outdated", "--team", "orchestrator,ml", env=index)
    assert done.returncode == 1
    assert any(line.startswith(" tiny ") for line in done.stdout.splitlines())
    assert "ml" in done.stderr


def row(**changed: Any) -> Row:
    values = {"package": "p", "project": "r", "locked": "1.2", "allowed": "1.2", "newest": "1.2"}
    return Row(**{**values, "named": True, "advisories": (), **changed})


@pytest.mark.parametrize(
    ("locked", "newest", "major"),
    [
        ("1.2", "2.0", True),
        ("1.2", "1.3", False),
        ("0.1.5", "0.2.0", True),
        ("0.1.5", "0.1.6", False),
        ("1.2", "-", False),
    ],
)
def test_a_major_is_the_first_number_that_is_not_zero(
    locked: str, newest: str, major: bool
) -> None:
    assert row(locked=locked, newest=newest).major == major


def test_an_up_to_date_package_is_not_behind() -> None:
    assert not row().behind
    assert not row(allowed="-", newest="-").behind
    assert row(newest="1.3").behind
    assert row(allowed="1.3").behind
    assert row(advisories=("TEST-1",)).behind


def test_a_lock_is_audited_as_a_script() -> None:
    script = as_script(["one==1.0", "two==2.0 ; sys_platform == 'win32'"], "3.12")
    assert '# requires-python = ">=3.12"\n' in script
    assert "#   \"two==2.0 ; sys_platform == 'win32'\",\n" in script


def test_an_archived_project_is_reported() -> None:
    report = {
        "vulnerabilities": [],
        "adverse_statuses": [{"name": "tiny", "status": "archived", "reason": None}],
    }
    asked = Completed(1, json.dumps(report), "")
    assert read(asked, "OSV") == {"tiny": ("the project is archived",)}
    with pytest.raises(UnreachableError, match="OSV is unreachable"):
        read(Completed(2, "", "error: no route"), "OSV")

"""What the kit's tests print while they run."""

from pathlib import Path

from devkit.core.paths import ROOT, TOOLS
from testing.support import run

CONFTEST = """
from testing.reporting import Reporting

def pytest_configure(config):
    config.pluginmanager.register(Reporting(config))
"""
TESTS = """
import time

def test_first():
    assert 1 + 1 == 3, "the sum"

def test_last():
    print("the last one has begun")
"""


def test_a_failure_is_named_when_it_fails(tmp_path: Path) -> None:
    """Also in a pipe, as here: before the tests after it."""
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    argv: list[str | Path] = [TOOLS / "bin/python", "-m", "pytest", "-qs", "-p", "no:randomly"]
    done = run(argv, tmp_path, {"PYTHONPATH": str(ROOT)})
    printed = done.stdout
    assert "FAILED test_it.py::test_first: AssertionError: the sum" in printed
    assert printed.index("FAILED") < printed.index("the last one has begun")

"""The environment variables of child processes."""

import pytest

from devkit.core import environ


def test_nothing_points_into_another_python_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environ.LEAKS:
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("TEAPOT", "brown")
    found = environ.clean_environment()
    assert not set(environ.LEAKS) & found.keys()
    assert found["TEAPOT"] == "brown"
    assert "/elsewhere" not in found.values()

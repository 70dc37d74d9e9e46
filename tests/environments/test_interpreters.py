"""Which Python an environment is built with."""

import sys
from pathlib import Path

import pytest

from devkit.core import uv
from devkit.core.processes import Completed
from devkit.environments import interpreters
from testing.support import base_python

OWN = ".".join(map(str, sys.version_info[:3]))


def project(folder: Path, wanted: str) -> Path:
    text = f'[project]\nname = "tea"\nrequires-python = "{wanted}"\n'
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_tools_python_is_chosen_if_the_project_allows_it(tmp_path: Path) -> None:
    assert interpreters.choose(project(tmp_path, ">=3.11")) == base_python()


def test_another_python_is_one_of_a_version_manager_that_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.setattr(uv, "ask", lambda *_, **__: Completed(2, "", "no interpreter found"))
    old = project(tmp_path, "<3.11")
    assert interpreters.choose(old) == "<3.11,>=3.9"
    for version, code in {
        "3.9.1": 0,
        "3.9.20": 0,
        "3.10.3": 127,
        "3.10-dev": 0,
        "2.7.18": 0,
    }.items():
        shim = tmp_path / ".pyenv/versions" / version / "bin/python"
        shim.parent.mkdir(parents=True)
        shim.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
        shim.chmod(0o755)
    assert interpreters.choose(old) == str(tmp_path / ".pyenv/versions/3.9.20/bin/python")
    assert interpreters.choose(project(tmp_path, "==3.10.*")) == "==3.10.*"


def test_a_python_that_no_machine_has_is_missing(tmp_path: Path) -> None:
    assert interpreters.missing(project(tmp_path, f"=={OWN}")) is None
    assert interpreters.missing(project(tmp_path, "==3.2.*")) == "==3.2.*,>=3.9"


@pytest.mark.parametrize("name", ["version", "version_info"])
def test_an_environment_s_python_is_compared_with_what_the_project_wants(
    tmp_path: Path, name: str
) -> None:
    config = tmp_path / "pyvenv.cfg"
    assert not interpreters.is_allowed(tmp_path, project(tmp_path, ">=3.11"))
    config.write_text(f"home = /usr/bin\n{name} = 3.12.4\n", encoding="utf-8")
    assert interpreters.is_allowed(tmp_path, project(tmp_path, ">=3.11"))
    assert not interpreters.is_allowed(tmp_path, project(tmp_path, ">=3.13"))


def test_a_link_that_leads_to_another_minor_version_is_noticed(tmp_path: Path) -> None:
    for name in ("python3.11", "python3.12"):
        (tmp_path / name).touch()
    environment = tmp_path / ".venv-tea"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/python").symlink_to(tmp_path / "python3.11")
    assert not interpreters.has_moved(environment)  # nothing is installed yet
    (environment / "lib/python3.11").mkdir(parents=True)
    assert not interpreters.has_moved(environment)
    (environment / "bin/python").unlink()
    (environment / "bin/python").symlink_to(tmp_path / "python3.12")
    assert interpreters.has_moved(environment)

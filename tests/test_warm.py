"""A forked interpreter answers as one of its own does."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core import processes
from devkit.definitions import loading
from devkit.registry.team import Team
from testing.warm import Interpreters

CODE = """
import os, sys
import dagster as dg

print("noise")
NAME = os.environ["NAME"]

@dg.asset(name=NAME)
def one(): ...

defs = dg.Definitions([one])
"""


@pytest.mark.parametrize("code", [CODE, f"{CODE}\nraise SystemExit(3)", "import no_such"])
def test_it_loads_the_same(
    interpreters: Interpreters, teams: dict[str, Team], tmp_path: Path, code: str
) -> None:
    (tmp_path / "tea.py").write_text(code, encoding="utf-8")
    team = replace(teams["ml"], module="tea", directory=tmp_path)
    env = {"NAME": "leaves"}
    argv: list[str | Path] = [team.python, loading.PROBE, team.module, team.directory]
    cold, warm = (run(argv, cwd=tmp_path, env=env) for run in (processes.run, interpreters.run))
    assert warm == cold


def test_a_program_that_dies_has_its_exit_code(
    interpreters: Interpreters, teams: dict[str, Team], tmp_path: Path
) -> None:
    (tmp_path / "tea.py").write_text("import os; os.abort()", encoding="utf-8")
    argv: list[str | Path] = [teams["ml"].python, loading.PROBE, "tea", tmp_path]
    assert interpreters.run(argv, cwd=tmp_path, env={}).code == -6

"""Runs a module as `python -m` does, with less garbage collection."""

import json
import sys
from pathlib import Path

from devkit.core.paths import PROGRAMS
from testing.support import run

MODULE = """
import gc, json, sys
print(json.dumps([__name__, sys.argv, sys.path[0], gc.get_threshold()[0]]))
sys.exit(7)
"""


def test_it_is_like_python_m(tmp_path: Path) -> None:
    (tmp_path / "tea.py").write_text(MODULE, encoding="utf-8")
    ours = run([sys.executable, PROGRAMS / "run_module.py", "tea", "--hot", "a b"], tmp_path)
    theirs = run([sys.executable, "-m", "tea", "--hot", "a b"], tmp_path)
    assert ours.returncode == theirs.returncode == 7, ours.stderr
    name, argv, _, threshold = json.loads(ours.stdout)
    assert [name, argv] == json.loads(theirs.stdout)[:2]
    assert threshold == 50_000

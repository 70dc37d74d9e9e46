"""What other interpreters run works with the oldest Python that a team may have."""

import ast
import json
from pathlib import Path

import pytest

from devkit.core import pythons
from devkit.core.paths import PROGRAMS, ROOT
from testing.support import find_python, run

# In a team's own interpreter or image; `instance.py` and `reaper.py` run in the kit's.
FOR_TEAMS = [
    *(PROGRAMS / name for name in ("probe.py", "definitions.py", "sources.py", "run_module.py")),
    *(ROOT / "deploy" / name for name in ("entrypoint.py", "health.py")),
]
ASK = """
import json, runpy, sys
probe = runpy.run_path(sys.argv[1], run_name="probe")
sources = probe["load_sibling"]("sources.py")["Sources"](sys.argv[2:], sys.argv[2])
probe["load_sibling"]("definitions.py")
names = probe["standard_library"]()
print(json.dumps([sorted(sources.imports), "json" in names, "_ssl" in names, "dagster" in names]))
"""


@pytest.mark.parametrize("file", FOR_TEAMS, ids=lambda file: file.name)
def test_their_syntax_is_old_enough(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    major, minor = pythons.as_tuple(pythons.TEAMS_OLDEST)
    ast.parse(text, feature_version=(major, minor))
    # `X | None` is an error there when a function is defined, unless annotations are not evaluated.
    assert " | None" not in text or "from __future__ import annotations" in text


def test_they_work_with_an_old_python(tmp_path: Path) -> None:
    python = find_python(pythons.TEAMS_OLDEST, "3.10")
    (tmp_path / "tea.py").write_text("import json\nimport milk.jug\n", encoding="utf-8")
    done = run([python, "-c", ASK, PROGRAMS / "probe.py", tmp_path], tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["json", "milk.jug"], True, True, False]
    done = run([python, PROGRAMS / "run_module.py", "platform"], tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_probe_says_what_is_missing_in_an_old_python(tmp_path: Path) -> None:
    python = find_python(pythons.TEAMS_OLDEST, "3.10")
    done = run([python, PROGRAMS / "probe.py", "tea", tmp_path], tmp_path)
    error = json.loads(done.stdout)["error"]
    assert error["message"] == "No module named 'dagster'", done.stderr

"""The commands of README.md, and those of docs/data-engineer.md that start a platform."""

import json
import os
import re
from pathlib import Path

from devkit.core.paths import ROOT, TOOLS
from testing.markdown import Page
from testing.platform import ALL_LOADED, dev, until
from testing.support import base_python, copy_repository, run

README = Page("README.md")
DAY_ONE = Page("docs/data-engineer.md")


def blocks(page: Page) -> list[str]:
    """The blocks of commands of a page."""
    return [block.text for block in page.blocks if block.language == "bash"]


def test_ci_runs_the_readme_s_test_command_word_for_word() -> None:
    _, test, *_ = blocks(README)
    assert test.strip() == "python3 tasks.py test"
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()[-1] == test.strip()


def test_the_first_command_starts_both_teams_in_a_fresh_clone(tmp_path: Path) -> None:
    """Nothing is built yet, and the PATH has Git and Python, but no invoke and no uv."""
    first, *_ = blocks(README)
    assert blocks(DAY_ONE)[0] == first
    clone = copy_repository(tmp_path / "fresh")
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "python3").symlink_to(base_python())
    environ = {**os.environ, "PATH": f"{bare}:/usr/bin:/bin"}
    with dev(tmp_path / "home", root=clone.root, command=first, environ=environ) as running:
        running.wait_for(ALL_LOADED, seconds=300)
        assert running.stop() == 130
        until(lambda: not running.left_over() or None, 5, "no process is left")


def test_working_in_one_team_s_folder_does_not_need_the_kit(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(DAY_ONE) if "source " in block]
    script = block.replace("dagster dev", "exec dagster dev --port $PORT")
    with dev(tmp_path, command=script) as running:
        running.wait_for("Serving dagster-webserver", seconds=120)


def test_the_table_has_every_command_with_the_text_of_the_list() -> None:
    listed = run([TOOLS / "bin/invoke", "--list", "--list-format", "json"], ROOT)
    texts = {task["name"]: task["help"].rstrip(".") for task in json.loads(listed.stdout)["tasks"]}
    rows = re.findall(r"^\| `invoke ([a-z-]+)[^|]*\| ([^|]*) \|$", README.text, re.MULTILINE)
    assert {name for name, _ in rows} == texts.keys()
    assert [name for name, text in rows if not text.startswith(texts[name])] == []


def test_the_table_is_in_the_order_of_the_list() -> None:
    listed = run([TOOLS / "bin/invoke", "--list"], ROOT).stdout
    names = re.findall(r"^  ([a-z-]+)  ", listed, re.MULTILINE)
    assert re.findall(r"^\| `invoke ([a-z-]+)", README.text, re.MULTILINE) == names

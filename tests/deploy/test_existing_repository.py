"""docs/existing-repository.md, followed: a repository of two locations comes under the kit."""

from pathlib import Path

from testing.doc_runner import follow
from testing.markdown import Page
from testing.platform import dev, load_errors
from testing.sandbox import GIT_SETTINGS
from testing.support import borrow_tools, copy_repository, run

LOG = [
    "Read the orders by their key",
    "Lock every team's dependencies",
    "Make every code location a team of DagTeam",
    "Add DagTeam",
    "The shop, as it was",
]


def test_the_page_brings_a_repository_under_the_kit(tmp_path: Path) -> None:
    copy = copy_repository(tmp_path / "dagteam")
    borrow_tools(copy)
    (tmp_path / "programs").mkdir()
    marking = f"run by tests/deploy/{Path(__file__).name}"
    page = Page("docs/existing-repository.md")
    follow(page, copy, tmp_path / "programs", marking)

    shop = tmp_path / "shop"
    assert run(["git", "status", "--porcelain"], shop, GIT_SETTINGS).stdout == ""
    log = run(["git", "log", "--format=%s"], shop, GIT_SETTINGS).stdout.splitlines()
    assert [line.partition(" 0.")[0] for line in log] == LOG
    assert "# since 2021" in (shop / "workspace.yaml").read_text(encoding="utf-8")
    with dev(tmp_path / "home", root=shop) as running:
        running.wait_for("2 of 2 locations loaded")
        assert load_errors(running) == {"repo.py": None, "marketing.definitions": None}

"""Teams whose dependencies can't be installed together, and on another Python, side by side."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from devkit.core.paths import TOOLS
from devkit.core.pythons import requires_python
from testing.platform import dev, launch, until
from testing.support import Checkout, borrow_tools, copy_repository, find_python, run
from tests.test_end_to_end import succeeded

OLD_TIMER = "old_timer_project"
# What a team has that was last looked at in 2024.
OLD = '"dagster~=1.11.0",\n    "numpy<2",\n    "pyarrow<18",'
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def three(tmp_path: Path) -> Checkout:
    """A copy with a third team that reads what analytics makes, with packages of two years ago."""
    copy = copy_repository(tmp_path / "checkout")
    borrow_tools(copy)
    succeed(copy, "new-team", "old_timer", "--upstream", "penguins")
    project = f"{OLD_TIMER}/pyproject.toml"
    text = (copy.root / project).read_text()
    text = re.sub(r'"dagster~=[\d.]+",', OLD, text)
    (copy.root / project).write_text(re.sub(r'"pandas[^"]*"', '"pandas>=2.2,<2.3"', text))
    return copy


def succeed(copy: Checkout, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    done = copy.tasks(*arguments, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def versions(copy: Checkout) -> dict[str, dict[str, str]]:
    """The versions in each environment, as `invoke teams` prints them."""
    lines = [line.split() for line in succeed(copy, "teams").splitlines()]
    start = next(number for number, words in enumerate(lines) if words[:1] == ["environment"])
    rows = [words for words in lines[start + 1 :] if len(words) == len(lines[start])]
    return {words[0]: dict(zip(lines[start], words, strict=True)) for words in rows}


def test_three_teams_that_exclude_each_other_work_side_by_side(
    three: Checkout, tmp_path: Path
) -> None:
    projects = ["analytics_project/pyproject.toml", f"{OLD_TIMER}/pyproject.toml"]
    together = run([TOOLS / "bin/uv", "pip", "compile", "--quiet", *projects], three.root)
    assert together.returncode == 1
    assert "unsatisfiable" in together.stderr

    succeed(three, "lock", "--team", "old_timer")
    succeed(three, "setup")
    succeed(three, "check")
    succeed(three, "test", "--team", "analytics,ml,old_timer", "--", "-q")
    succeed(three, "utils")

    found = versions(three)
    assert [found[name]["pandas"][:2] for name in ("analytics", "ml", "old_timer")] == [
        "3.",
        "2.",
        "2.",
    ]
    assert found["old_timer"]["pandas"].startswith("2.2.")
    assert found["old_timer"]["dagster"].startswith("1.11.")
    assert len({row["dagster"].rpartition(".")[0] for row in found.values()}) == 3

    home = tmp_path / "home"
    with dev(home, root=three.root) as platform:
        platform.wait_for("3 of 3 locations loaded")
        launch(platform, "update_penguins", "analytics_project")
        for job in ("update_penguins", "cluster_penguins", "count_penguins"):
            until(lambda job=job: succeeded(platform, job), 90, f"{job} has run")  # type: ignore[misc]
    assert (home / "storage/old_timer_penguins.parquet").exists()


def test_a_team_on_another_python_works_beside_the_others(three: Checkout) -> None:
    other = next(version for version in ("3.12", "3.13", "3.11") if version != THIS)
    python = find_python(other)
    three.edit(f"{OLD_TIMER}/pyproject.toml", f'"{requires_python()}"', f'"=={other}.*"')
    env = {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    succeed(three, "lock", "--team", "old_timer")
    succeed(three, "check", env=env)
    succeed(three, "test", "--team", "old_timer,ml", env=env)
    found = versions(three)
    assert found["old_timer"]["python"].startswith(f"{other}.")
    assert found["ml"]["python"].startswith(f"{THIS}.")

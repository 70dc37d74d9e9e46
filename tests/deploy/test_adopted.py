"""Repositories of strangers under the kit, and back: every command, in each of their shapes."""

import re
from pathlib import Path

import pytest

from devkit.core.paths import TOOLS
from testing import foreign
from testing.sandbox import GIT_SETTINGS
from testing.support import Checkout, borrow_tools, copy_repository, run

# What a person is asked, where no default is safe.
ANSWERS = {"nothing_declared": 'locations = "all"\n'}


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A clone of the kit, as somebody has it who adopts a repository."""
    copy = copy_repository(tmp_path_factory.mktemp("kit") / "dagteam")
    borrow_tools(copy)
    return copy


def git(root: Path, *arguments: str) -> str:
    done = run(["git", *arguments], root, GIT_SETTINGS)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shape", foreign.SHAPES)
def test_a_repository_comes_under_the_kit_and_back(
    shape: str, kit: Checkout, tmp_path: Path
) -> None:
    root = foreign.SHAPES[shape](tmp_path / "theirs")
    before = git(root, "rev-parse", "HEAD").strip()
    answers = tmp_path / "answers.toml"
    answers.write_text(ANSWERS.get(shape, ""), encoding="utf-8")
    done = kit.tasks("adopt", str(root), "--answers", str(answers), env=GIT_SETTINGS)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert git(root, "status", "--porcelain") == "", printed

    changed = git(root, "diff", "--name-status", before, "HEAD").splitlines()
    allowed = re.compile(r"A\t|M\t.*(?:workspace\.yaml|\.gitignore|pyproject\.toml)$")
    assert [line for line in changed if not allowed.match(line)] == []
    for command in (["check"], ["test"], ["build", "--prove"], ["lock", "--check"], ["doctor"]):
        done = run([TOOLS / "bin/python", "tasks.py", *command], root, GIT_SETTINGS)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    done = run(["python3", "tasks.py", "unadopt"], root, GIT_SETTINGS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git(root, "diff", before, "--stat") == ""
    left = git(root, "ls-files", "--others", "--exclude-standard").splitlines()
    assert [name for name in left if "/__pycache__/" not in name] == []  # theirs to ignore

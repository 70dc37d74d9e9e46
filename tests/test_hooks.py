"""The Git hooks: real commits in a copy of the repository, and each hook by itself."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from testing.platform import ready_copy
from testing.repositories import move_below
from testing.support import Checkout, run

ASSETS = "analytics_project/analytics_project/defs/assets.py"
CLUSTERS = "ml_project/ml_project/defs/assets.py"
LINEAGE = "docs/lineage.md"
AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@localhost")

# Split, so that this file does not contain them.
PRIVATE_KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow\n-----END " + "RSA PRIVATE KEY-----\n"
CLOUD_KEY = 'KEY = "AKIA' + 'Z3MHQ7XW2LPN5TRB"\n'

WORKFLOW = """
name: other
on: {push: {branches: [main]}}
permissions: {}
concurrency: {group: other, cancel-in-progress: true}
jobs:
  one:
    name: one
    runs-on: ubuntu-24.04
    permissions: {}
    steps: [{run: echo hello}]
"""

CONTAINER = """{
  // with comments, as the specification allows
  "name": "DagTeam, ]", // and "a, ]" in a comment
  "image": "debian",
  "customizations": {"vscode": {"extensions": ["charliermarsh.ruff"]}}
}
"""

REJECTED = {
    "large file": ("large-files", "docs/large.bin", "x" * 1_100_000),
    "private key": ("secrets", "ml_project/key.pem", PRIVATE_KEY),
    "cloud key": ("secrets", "ml_project/ml_project/key.py", CLOUD_KEY),
    "broken YAML": ("yaml", "ml_project/broken.yaml", "a: [1\n"),
    "a YAML key twice": ("yaml", "ml_project/twice.yaml", "a: 1\na: 2\n"),
    "broken TOML": ("toml", "ml_project/broken.toml", "a = \n"),
    "broken JSON": ("json", "ml_project/broken.json", '{"a": 1,}\n'),
    "comments in JSON": ("json", "ml_project/comments.json", '{"a": 1} // one\n'),
    "broken JSON with comments": ("jsonc", "ml_project/.vscode/a.json", '{"a": 1 /* one */\n'),
    "unknown property of a container": (
        "devcontainer", ".devcontainer/unknown/devcontainer.json",
        CONTAINER.replace('"image"', '"runArg": [], "image"'),
    ),
    "trailing comma in a container": (
        "devcontainer-commas", ".devcontainer/trailing/devcontainer.json",
        CONTAINER.replace('ruff"]', 'ruff", // the last\n]'),
    ),
    "unknown property of a workflow": (
        "workflows", ".github/workflows/unknown.yml", f"{WORKFLOW}other: 1\n",
    ),
    "action by its tag": (
        "workflows-audit", ".github/workflows/tag.yml",
        WORKFLOW.replace("{run: echo hello}", "{uses: actions/setup-python@v7}"),
    ),
    "unknown property of Dependabot": (
        "dependabot", ".github/dependabot.yml", "version: 2\nupdates: []\nupdate: []\n",
    ),
    "lint": ("ruff-check", "ml_project/ml_project/extra.py", '"""A."""\n\nimport os\n'),
    "format": ("ruff-format", "ml_project/ml_project/other.py", '"""A."""\n\nA = {"a":1}\n'),
}  # fmt: skip

ACCEPTED = {
    ".devcontainer/devcontainer.json": CONTAINER,
    ".vscode/mine.json": '{\n  // comments of an editor\n  "a": [1, 2]\n}\n',
    ".github/workflows/other.yml": WORKFLOW,
    "ml_project/ml_project/extra.py": '"""A."""\n\nA = {"a": 1}\n',
}

NEEDS_COMMIT = "locks,definitions,lineage"  # tested with commits


@dataclass(frozen=True)
class Clone:
    """A copy with installed Git hooks; `cache` is the folder of pre-commit's own files."""

    checkout: Checkout
    cache: Path

    def git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Git, with this copy's cache of pre-commit."""
        env = {"PRE_COMMIT_HOME": str(self.cache)}
        return run(["git", *AUTHOR, *arguments], self.checkout.root, env)

    def commit(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Stage and commit every change."""
        self.git("add", "--all")
        return self.git("commit", "--message", "a change", *options)

    def hooks(self, *options: str, skip: str = "") -> subprocess.CompletedProcess[str]:
        """Run the named hook, or all of them."""
        python = self.checkout.root / ".venv-tools" / "bin" / "python"
        env = {"PRE_COMMIT_HOME": str(self.cache), "SKIP": skip}
        return run([python, "-m", "pre_commit", "run", *options], self.checkout.root, env)

    def write(self, file: str, text: str) -> None:
        """Write a file, creating its folder, and stage it."""
        path = self.checkout.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        assert self.git("add", file).returncode == 0

    def append(self, file: str, text: str) -> None:
        """Append to a file, and stage it."""
        self.write(file, self.read(file) + text)

    def read(self, file: str) -> str:
        """The text of a file."""
        return (self.checkout.root / file).read_text(encoding="utf-8")

    def rename(self, old: str, new: str) -> None:
        """Rename an asset in ml's definitions, and stage the change."""
        for path in (self.checkout.root / CLUSTERS).parent.glob("*.py"):
            text = path.read_text(encoding="utf-8").replace(old, new)
            path.write_text(text, encoding="utf-8")
        assert self.git("add", "--all").returncode == 0

    def tip(self) -> str:
        """The id of the newest commit."""
        return self.git("rev-parse", "HEAD").stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A copy of this repository after `python3 tasks.py setup`, whose teams have all loaded."""
    folder = tmp_path_factory.mktemp("hooks")
    checkout = ready_copy(folder / "checkout")
    done = checkout.tasks("check")
    assert done.returncode == 0, done.stdout + done.stderr
    return Clone(checkout, folder / "pre-commit")


@contextmanager
def undone(installed: Clone) -> Iterator[Clone]:
    """Undo what is changed and committed in this context."""
    start = installed.tip().strip()
    yield installed
    installed.git("reset", "--quiet", "--hard", start)
    installed.git("clean", "--quiet", "--force", "-d")


@pytest.fixture
def clone(installed: Clone) -> Iterator[Clone]:
    """The copy in its initial state."""
    with undone(installed):
        yield installed


def test_a_good_change_is_committed_and_loads_one_team_s_definitions(clone: Clone) -> None:
    clone.append(CLUSTERS, "\n\n# A remark.\n")
    before = clone.tip()
    checked = clone.hooks("definitions", "--verbose")
    assert checked.returncode == 0, checked.stdout
    assert "ml" in checked.stdout
    assert "analytics" not in checked.stdout
    done = clone.commit()
    assert done.returncode == 0, done.stdout + done.stderr
    assert clone.tip() != before


def test_a_broken_definition_is_rejected_with_its_file_and_line(clone: Clone) -> None:
    before = clone.tip()
    line = len(clone.read(CLUSTERS).splitlines()) + 2
    clone.append(CLUSTERS, '\nTHERE_IS_NO = {"such": "key"}["other"]\n')
    done = clone.commit()
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"{CLUSTERS}:{line}" in output
    assert "KeyError" in output
    assert LINEAGE not in output
    assert clone.tip() == before


def test_a_contract_violation_is_rejected(clone: Clone) -> None:
    """ml depends on an asset that no team produces; its own definitions load."""
    before = clone.tip()
    clone.rename("penguins", "pinguins")
    done = clone.commit()
    assert done.returncode == 1
    assert "pinguins" in done.stdout + done.stderr
    assert f"{CLUSTERS}:" in done.stdout + done.stderr
    assert clone.tip() == before


def test_a_deletion_alone_is_checked_too(clone: Clone) -> None:
    """pre-commit does not pass deleted files, and skips hooks without matching files."""
    (clone.checkout.root / ASSETS).unlink()
    done = clone.commit()
    assert done.returncode == 1
    assert "penguins" in done.stdout + done.stderr


def test_a_stale_lock_is_rejected(clone: Clone) -> None:
    clone.checkout.edit("ml_project/pyproject.toml", "dependencies = [", 'dependencies = ["six",')
    clone.git("add", "--all")
    done = clone.hooks("locks")
    assert done.returncode == 1
    assert "invoke lock" in done.stdout
    assert "ml" in done.stdout
    assert "analytics" not in done.stdout


def test_a_commit_that_affects_no_team_loads_nothing(clone: Clone) -> None:
    clone.append("README.md", "\nA remark.\n")
    checked = clone.hooks("definitions", "--verbose")
    assert checked.returncode == 0, checked.stdout
    assert "this commit affects no team" in checked.stdout
    done = clone.commit()
    assert done.returncode == 0, done.stdout + done.stderr


def test_another_team_s_faults_and_untracked_files_are_not_judged(clone: Clone) -> None:
    clone.append(CLUSTERS, "\n1 / 0\n")
    clone.checkout.edit("ml_project/pyproject.toml", "dependencies = [", 'dependencies = ["six",')
    clone.commit("--no-verify")
    for folder in (ASSETS, CLUSTERS):
        untracked = clone.checkout.root / folder
        untracked.with_name("scratch.py").write_text("import nowhere\n", encoding="utf-8")
    clone.append("README.md", "\nA remark.\n")
    done = clone.git("commit", "--message", "of the README")
    assert done.returncode == 0, done.stdout + done.stderr
    clone.append(ASSETS, "\n\n# A remark.\n")
    done = clone.git("commit", "--message", "of analytics")
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "ok      analytics" in output
    assert "warning: ml does not load, which this commit did not cause: ZeroDivision" in output
    assert "out of date: a pyproject.toml changed, which this commit did not cause" in output


def test_a_module_that_is_not_staged_is_missed(clone: Clone) -> None:
    helper = clone.checkout.root / "ml_project/ml_project/helper.py"
    helper.write_text('"""Not staged."""\n\nX = 1\n', encoding="utf-8")
    clone.append(CLUSTERS, "\nfrom ml_project import helper\n")
    done = clone.hooks("definitions")
    assert done.returncode == 1
    assert "cannot import name 'helper'" in done.stdout


def test_a_stale_lineage_page_is_rejected_and_rewritten(clone: Clone) -> None:
    clone.write(LINEAGE, "# Of last year\n")
    done = clone.hooks("lineage")
    assert done.returncode == 1
    assert "files were modified by this hook" in done.stdout
    assert "penguin_cluster" in clone.read(LINEAGE)


@pytest.fixture(scope="module")
def failures(installed: Clone) -> dict[str, str]:
    """What each hook that failed printed, by its id: all hooks ran once, on all bad files."""
    names = [file for _, file, _ in REJECTED.values()]
    assert len(set(names)) == len(REJECTED)
    with undone(installed):
        for _, file, text in REJECTED.values():
            installed.write(file, text)
        done = installed.hooks("--files", *names, skip=NEEDS_COMMIT)
    assert done.returncode == 1, done.stdout + done.stderr
    blocks = re.split(r"\.+(?:Passed|Skipped|Failed|\(.*\)Skipped)\n", done.stdout)
    return {
        found[1]: block for block in blocks if (found := re.match(r"- hook id: (\S+)\n", block))
    }


@pytest.mark.parametrize(("hook", "file"), [case[:2] for case in REJECTED.values()], ids=REJECTED)
def test_a_hook_rejects(failures: dict[str, str], hook: str, file: str) -> None:
    assert file in failures[hook]


def test_all_hooks_accept_good_files(clone: Clone) -> None:
    for file, text in ACCEPTED.items():
        clone.write(file, text)
    done = clone.hooks("--files", *ACCEPTED, skip=NEEDS_COMMIT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_whole_repository_passes_its_own_hooks(clone: Clone) -> None:
    """But for lint and format, which `invoke test` runs by themselves, and what judges a commit."""
    done = clone.hooks("--all-files", skip=f"{NEEDS_COMMIT},derived,ruff-check,ruff-format")
    assert done.returncode == 0, done.stdout + done.stderr


def test_below_the_top_of_a_repository_the_same_hooks_run(installed: Clone) -> None:
    """The last story: the copy is a folder of a larger repository from now on."""
    root = installed.checkout.root
    (root.parent / ".gitignore").write_text(f"/{installed.cache.name}/\n", encoding="utf-8")
    (root.parent / "website").mkdir()
    move_below(root)
    done = installed.checkout.tasks("setup")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr
    before = installed.tip()
    (root.parent / "website/index.html").write_text("new\n", encoding="utf-8")
    line = len(installed.read(CLUSTERS).splitlines()) + 2
    installed.append(CLUSTERS, '\nTHERE_IS_NO = {"such": "key"}["other"]\n')
    asked = installed.checkout.tasks("affected", "--base", "HEAD")
    assert CLUSTERS in asked.stdout
    assert "analytics" not in asked.stdout
    done = installed.commit()
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"{CLUSTERS}:{line}" in output
    for passed in ("lint", "locks are up to date", "generated files are up to date"):
        assert re.search(rf"^{passed}\.+Passed$", output, re.MULTILINE)
    assert installed.tip() == before

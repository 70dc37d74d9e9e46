"""`invoke build --prove`, with real environments as the images have them."""

import re
from pathlib import Path

import pytest

from devkit.registry.team import Team
from testing.platform import ready_copy, until
from testing.support import Checkout, run

PROOFS = ".dagteam/proofs"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy whose environments are built."""
    return ready_copy(tmp_path_factory.mktemp("proved") / "checkout")


def test_every_team_s_build_works_and_the_second_proof_installs_nothing(
    made: Checkout, teams: dict[str, Team]
) -> None:
    done = made.tasks("build", "--prove")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(re.findall(r"^ok +(\S+) +proven: ", done.stdout, re.MULTILINE)) == set(teams)
    environments = {path: path.stat().st_ctime for path in (made.root / PROOFS).glob("*/bin")}
    assert made.tasks("build", "--prove").returncode == 0
    assert environments == {p: p.stat().st_ctime for p in (made.root / PROOFS).glob("*/bin")}


def test_what_only_the_local_environment_has_fails_the_proof_of_one_team_only(
    made: Checkout,
) -> None:
    file = made.root / "ml_project/ml_project/defs/assets.py"
    before = file.read_text(encoding="utf-8")
    file.write_text(f"import pytest\n{before}", encoding="utf-8")
    done = made.tasks("build", "--prove")
    file.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert re.search(r"^ok +analytics +proven: ", done.stdout, re.MULTILINE)
    text = " ".join(done.stdout.split())
    assert "dist/ml_project/ml_project/defs/assets.py:1: ModuleNotFoundError" in text
    assert "pytest is installed in the team's local environment" in text
    assert "list it in the `dependencies` of ml_project/pyproject.toml" in text


def test_no_process_and_no_copy_is_left(made: Checkout, tmp_path: Path) -> None:
    file = made.root / "ml_project/ml_project/defs/assets.py"
    before = file.read_text(encoding="utf-8")
    more = "import subprocess\nsubprocess.Popen(['sleep', '4321.5'])\n"
    file.write_text(before + more, encoding="utf-8")
    done = made.tasks("build", "--prove", "--team", "ml", env={"TMPDIR": str(tmp_path)})
    file.write_text(before, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    until(lambda: run(["pgrep", "-f", "sleep 4321.5"], tmp_path).returncode == 1, 10, "it ended")
    assert [path.name for path in tmp_path.iterdir() if "proof" in path.name] == []

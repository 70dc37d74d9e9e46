"""What is wrong with one team's files is that team's result, in every command."""

import json
import shutil
from collections.abc import Iterator

import pytest

from testing.sandbox import GIT_SETTINGS
from testing.support import NO_NETWORK, Checkout, borrow_tools, copy_repository, run

# How ml's files are broken, and what every command that needs them says of it.
CONFLICT = b"<<<<<<< HEAD\n[project]\n=======\n[tool]\n>>>>>>> theirs\n"
LATIN_1 = "# Büro\nTOKEN=x\n".encode("latin-1")
OF_PROJECT = ["setup", "lock --check", "lock", "derive", "derive --check", "build"]
BROKEN = ("pyproject.toml", "local_requirements.txt", ".env")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy after `setup`, whose environments are empty."""
    copy = copy_repository(tmp_path_factory.mktemp("broken") / "checkout")
    borrow_tools(copy)
    copy.empty_locks()
    commit = ["git", "commit", "--quiet", "--all", "--message", "empty"]
    assert run(commit, copy.root, GIT_SETTINGS).returncode == 0
    copy.tasks("setup", env=NO_NETWORK)  # without Dagster, there is no DAGSTER_HOME
    return copy


@pytest.fixture(autouse=True)
def _mended(prepared: Checkout) -> Iterator[None]:
    """Put the files back that a test has broken."""
    yield
    for path in (prepared.root / "ml_project" / name for name in BROKEN):
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
    assert run(["git", "checkout", "--quiet", "."], prepared.root).returncode == 0
    for name in ("dist", ".dagteam/manifests"):
        shutil.rmtree(prepared.root / name, ignore_errors=True)


def broken(checkout: Checkout, file: str, content: bytes | None) -> None:
    path = checkout.root / file
    path.unlink(missing_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)


def fails(checkout: Checkout, command: str, says: str) -> str:
    """Run a command; require that it fails and says why; returns what it prints for programs."""
    done = checkout.tasks(*command.split(), env=NO_NETWORK)
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed, printed
    assert done.returncode == 1, (command, printed)
    assert says in printed, (command, printed)
    return done.stdout


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("pyproject.toml", CONFLICT, "ml_project/pyproject.toml: invalid TOML"),
        (
            "pyproject.toml",
            b"[project]\nname = 'ml'\ndependencies = 'x'\n",
            "toml, line 3: project.",
        ),
        ("pyproject.toml", None, "ml_project/pyproject.toml can't be used: Is a directory"),
        ("local_requirements.txt", LATIN_1, "ml_project/local_requirements.txt, line 1: not valid"),
    ],
)
def test_a_broken_project_fails_alone(
    prepared: Checkout, file: str, content: bytes | None, says: str
) -> None:
    broken(prepared, f"ml_project/{file}", content)
    commands = OF_PROJECT if file == "pyproject.toml" else ["lock --check", "build"]
    for command in [*commands, "doctor"]:
        fails(prepared, command, says)
    findings = json.loads(fails(prepared, "doctor --json", ""))
    assert any(says in finding["what"] for finding in findings)
    for command in ("teams", "affected --base HEAD", "exec --team analytics -- true"):
        assert prepared.tasks(*command.split(), env=NO_NETWORK).returncode == 0, command


def test_the_tests_of_other_teams_run(prepared: Checkout) -> None:
    # Analytics' environment is empty: its tests can't start, and are tried.
    broken(prepared, "ml_project/pyproject.toml", CONFLICT)
    printed = fails(prepared, "test --team ml,analytics", "invalid TOML")
    assert "No module named pytest" in printed


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (LATIN_1, "ml_project/.env, line 1: not valid UTF-8"),
        (CONFLICT, "ml_project/.env, line 1: a merge conflict"),
        (None, "ml_project/.env can't be used: Is a directory"),
    ],
)
def test_a_broken_file_of_variables_fails_alone(
    prepared: Checkout, content: bytes | None, says: str
) -> None:
    broken(prepared, "ml_project/.env", content)
    for command in ("test --team ml,analytics", "exec --team ml -- true", "check", "doctor"):
        fails(prepared, command, says)
    report = json.loads(fails(prepared, "check --json", says))
    (error,) = [one["error"] for one in report["teams"] if one["team"] == "ml"]
    assert says in error["message"]

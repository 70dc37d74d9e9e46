"""What is wrong with one team's files is that team's result, in every command."""

import json

import pytest

from testing.support import NO_NETWORK, Checkout

# How ml's files are broken, and what every command that needs them says of it.
CONFLICT = b"<<<<<<< HEAD\n[project]\n=======\n[tool]\n>>>>>>> theirs\n"
LATIN_1 = "# Büro\nTOKEN=x\n".encode("latin-1")
OF_PROJECT = ["setup", "lock --check", "lock", "derive", "derive --check", "build"]


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
    light_checkout: Checkout, file: str, content: bytes | None, says: str
) -> None:
    light_checkout.tasks("setup", env=NO_NETWORK)
    broken(light_checkout, f"ml_project/{file}", content)
    commands = OF_PROJECT if file == "pyproject.toml" else ["lock --check", "build"]
    for command in [*commands, "doctor"]:
        fails(light_checkout, command, says)
    findings = json.loads(fails(light_checkout, "doctor --json", ""))
    assert any(says in finding["what"] for finding in findings)
    for command in ("teams", "affected --base HEAD", "exec --team analytics -- true"):
        assert light_checkout.tasks(*command.split(), env=NO_NETWORK).returncode == 0, command


def test_the_tests_of_other_teams_run(light_checkout: Checkout) -> None:
    # Analytics' environment is empty: its tests can't start, and are tried.
    broken(light_checkout, "ml_project/pyproject.toml", CONFLICT)
    printed = fails(light_checkout, "test --team ml,analytics", "invalid TOML")
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
    light_checkout: Checkout, content: bytes | None, says: str
) -> None:
    broken(light_checkout, "ml_project/.env", content)
    for command in ("test --team ml,analytics", "exec --team ml -- true", "check", "doctor"):
        fails(light_checkout, command, says)
    report = json.loads(fails(light_checkout, "check --json", says))
    (error,) = [one["error"] for one in report["teams"] if one["team"] == "ml"]
    assert says in error["message"]

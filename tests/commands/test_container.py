"""The dev container: its configuration, and its lifecycle hooks, which no team can fail."""

import json
import re
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devkit.commands import container
from devkit.core.paths import ROOT, TOOLS
from devkit.generated import editors
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from testing.support import NO_NETWORK, Checkout, run

FOLDER = ROOT / ".devcontainer"
FILE = FOLDER / "devcontainer.json"
SCHEMA = ROOT / ".github/schemas/devContainer.base.schema.json"
ML_LOCK = "ml_project/local_requirements.txt"


@pytest.fixture(scope="module")
def configuration() -> dict[str, Any]:
    """devcontainer.json without its comments, which are whole lines."""
    text = re.sub(r"(?m)^\s*//.*$", "", FILE.read_text(encoding="utf-8"))
    found: dict[str, Any] = json.loads(text)
    return found


def step(checkout: Checkout, name: str) -> subprocess.CompletedProcess[str]:
    """Run one hook in a copy, without a package index."""
    python = checkout.root / ".venv-tools/bin/python"
    return run([python, "-m", "devkit.commands.container", name], checkout.root, NO_NETWORK)


def test_the_configuration_conforms_to_the_specification() -> None:
    program = TOOLS / "bin/check-jsonschema"
    done = run([program, "--force-filetype", "json5", "--schemafile", SCHEMA, FILE], ROOT)
    assert done.returncode == 0, done.stdout


def test_the_image_is_pinned_and_its_user_is_not_root(configuration: dict[str, Any]) -> None:
    assert re.fullmatch(r".*/devcontainers/python:\d+\.\d+\.\d+-3\.\d+-\w+", configuration["image"])
    assert configuration["remoteUser"] == "vscode"
    assert not configuration.keys() & {"features", "build", "dockerComposeFile", "runArgs"}


def test_only_the_ui_is_forwarded_labeled_and_opened(
    configuration: dict[str, Any],
) -> None:
    assert "forwardPorts" not in configuration
    assert "appPort" not in configuration
    (port,) = configuration["portsAttributes"].items()
    assert port == ("3000", {"label": "Dagster", "onAutoForward": "openBrowserOnce"})
    assert configuration["otherPortsAttributes"] == {"onAutoForward": "ignore"}


def test_the_container_has_the_recommended_extensions(configuration: dict[str, Any]) -> None:
    assert configuration["customizations"]["vscode"]["extensions"] == [*editors.EXTENSIONS]


def test_every_file_named_by_a_hook_exists(configuration: dict[str, Any]) -> None:
    hooks = [text for name, text in configuration.items() if name.endswith("Command")]
    assert len(hooks) == 4
    for command in [command for hook in hooks for command in re.split(r" && | \|\| ", hook)]:
        program, *arguments = command.split()
        if program == "sh":
            assert run(["sh", "-n", ROOT / arguments[0]], ROOT).returncode == 0
        elif program != "true":
            assert (ROOT / program).exists()
            if arguments[0] == "-m":
                assert arguments[1] == "devkit.commands.container"
                assert arguments[2] in container.STEPS


def test_a_team_that_can_not_be_built_is_reported_and_the_others_are_built(
    light_checkout: Checkout,
) -> None:
    lock = light_checkout.root / ML_LOCK
    lock.write_text("no-such-package==1.0\n", encoding="utf-8")

    built = step(light_checkout, "build")
    assert built.returncode == 0, built.stderr
    assert re.search(r"(?m)^not built: .*\bml\b", built.stdout)
    assert "\n  fix:      `invoke setup`" in built.stdout
    assert (light_checkout.root / "analytics_project/.venv-analytics/.stamp").exists()

    checked = step(light_checkout, "check")
    assert checked.returncode == 0, checked.stderr
    assert "the environment of ml has to be built: the last build did not finish" in checked.stdout
    assert "environment of analytics" not in checked.stdout
    assert "  fix:      `invoke setup`" in checked.stdout

    lock.write_text("# nothing\n", encoding="utf-8")
    assert "ml" not in step(light_checkout, "build").stdout.partition("not built: ")[2]
    assert "environment of ml" not in step(light_checkout, "check").stdout


def test_an_invalid_registry_fails_no_hook(light_checkout: Checkout) -> None:
    (light_checkout.root / "workspace.yaml").write_text("load_from: nothing\n", encoding="utf-8")
    for name in container.STEPS:
        done = step(light_checkout, name)
        assert done.returncode == 0, done.stderr
        assert "workspace.yaml lists no teams" in done.stdout


def test_each_team_has_an_example_of_its_env(teams: dict[str, Team]) -> None:
    for team in teams.values():
        assert team.env_file.with_suffix(".example").is_file()


def test_the_prebuilt_layer_contains_no_secret(light_checkout: Checkout) -> None:
    secret = secrets.token_hex()
    (light_checkout.root / "ml_project/.env").write_text(f"PASSWORD={secret}\n", encoding="utf-8")
    done = step(light_checkout, "build")

    assert secret not in done.stdout + done.stderr
    holders = run(["grep", "-rlF", secret, "."], light_checkout.root).stdout.split()
    assert holders == ["./ml_project/.env"]
    assert run(["git", "check-ignore", "ml_project/.env"], light_checkout.root).returncode == 0


def test_a_later_start_builds_nothing(copy: Checkout) -> None:
    stamps = {stamp: stamp.stat().st_mtime_ns for stamp in _stamps(copy.root)}
    done = step(copy, "check")
    assert done.stdout.startswith(f"up to date: {len(load_teams(copy.root))} team"), done.stdout
    assert {stamp: stamp.stat().st_mtime_ns for stamp in _stamps(copy.root)} == stamps


def test_the_doctor_finds_no_error_after_the_build(copy: Checkout) -> None:
    done = copy.tasks("doctor", "--json", env=NO_NETWORK)
    assert [one for one in json.loads(done.stdout) if one["severity"] == "error"] == []
    assert done.returncode == 0, done.stderr


def test_git_hooks_of_another_folder_are_reported(copy: Checkout) -> None:
    hook = copy.root / ".git/hooks/pre-commit"
    before = hook.read_text(encoding="utf-8")
    hook.write_text(before.replace(str(copy.root), "/somewhere/else"), encoding="utf-8")
    assert "the git hooks are not installed" in step(copy, "check").stdout
    hook.write_text(before, encoding="utf-8")


def _stamps(root: Path) -> list[Path]:
    return sorted([*root.glob(".venv*/.stamp"), *root.glob("*/.venv*/.stamp")])

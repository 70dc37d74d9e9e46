"""The workflows and the hooks' configuration: valid, pinned, and calling existing commands."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from devkit.core.paths import ROOT, TOOLS
from devkit.environments.project import all_projects
from devkit.registry.workspace import load_teams
from testing.support import run

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d[\w.]*")
IN_PROCESS = "pygrep"  # part of pre-commit; its entry is a pattern

each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)


def load(workflow: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    return document


def scripts(workflow: Path) -> list[str]:
    """The scripts of every step."""
    steps = [step for job in load(workflow)["jobs"].values() for step in job.get("steps", ())]
    return [step.get("run") or step.get("with", {}).get("runCmd", "") for step in steps]


def calls(workflow: Path) -> list[list[str]]:
    """The arguments of every `tasks.py` in the workflow's scripts."""
    found = re.findall(r"tasks\.py ([^)\n;|&]+)", "\n".join(scripts(workflow)))
    return [shlex.split(arguments) for arguments in found]


@pytest.mark.parametrize(
    "schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"]
)
def test_workflows_are_valid_and_every_job_ends(schema: str) -> None:
    done = run([TOOLS / "bin" / "check-jsonschema", "--builtin-schema", schema, *WORKFLOWS], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_are_safe() -> None:
    options = ("--offline", "--no-progress", "--strict-collection", "--persona", "pedantic")
    files = [*WORKFLOWS, ROOT / ".github/dependabot.yml"]
    done = run([TOOLS / "bin" / "zizmor", *options, *files], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@each_workflow
def test_every_action_is_pinned_by_its_commit_with_its_version(workflow: Path) -> None:
    uses = re.findall(r"^[\s-]*uses: (.*)$", workflow.read_text(encoding="utf-8"), re.MULTILINE)
    assert uses
    assert [name for name in uses if not PINNED.fullmatch(name)] == []


def test_an_action_has_one_pin_everywhere() -> None:
    text = "\n".join(workflow.read_text(encoding="utf-8") for workflow in WORKFLOWS)
    pins = set(re.findall(r"uses: (\S+)@(\S+)", text))
    assert len(pins) == len({action for action, _ in pins})


def test_dependabot_is_valid_and_updates_no_lock() -> None:
    file = ROOT / ".github/dependabot.yml"
    options = ["--builtin-schema", "vendor.dependabot"]
    done = run([TOOLS / "bin" / "check-jsonschema", *options, file], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    ecosystems = {
        one["package-ecosystem"]
        for one in yaml.safe_load(file.read_text(encoding="utf-8"))["updates"]
    }
    assert ecosystems == {"github-actions", "devcontainers"}


def test_every_project_is_upgraded() -> None:
    matrix = load(ROOT / ".github/workflows/upgrade.yml")["jobs"]["project"]["strategy"]["matrix"]
    assert matrix["project"] == "${{ fromJSON(needs.plan.outputs.affected).teams }}"
    others = {entry["project"] for entry in matrix["include"]}
    teams = load_teams(ROOT)
    projects = {project.name for project in all_projects(teams)}
    assert others == projects - {team.name for team in teams}


@each_workflow
def test_workflows_call_existing_commands_and_options(workflow: Path) -> None:
    assert calls(workflow)
    for name, *arguments in calls(workflow):
        done = run([TOOLS / "bin" / "invoke", "--help", name], ROOT)
        assert done.returncode == 0, f"{workflow.name} calls {name}: {done.stderr}"
        options = {word for word in arguments if word.startswith("--")}
        assert options <= set(re.findall(r"--[a-z][a-z-]*", done.stdout)), name


@each_workflow
def test_a_command_that_fails_in_front_of_a_pipe_fails_its_step(workflow: Path) -> None:
    """GitHub's own default for a script is bash without pipefail."""
    defaults = load(workflow).get("defaults", {}).get("run", {})
    pipes = [script for script in scripts(workflow) if re.search(r" \| ", script)]
    assert pipes == [] or defaults.get("shell") == "bash"


@each_workflow
def test_only_single_steps_have_secrets(workflow: Path) -> None:
    document = load(workflow)
    for level in (document, *document["jobs"].values()):
        assert "secrets." not in str(level.get("env", {}))


@each_workflow
def test_caches_are_keyed_by_existing_files(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    for arguments in re.findall(r"hashFiles\(([^)]*)", text):
        names = [name for name in re.findall(r"'([^']+)'", arguments) if "{" not in name]
        assert names
        for name in names:
            assert list(ROOT.glob(name)), name


def test_nothing_is_merged_that_a_job_has_rejected() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert set(jobs["done"]["needs"]) == set(jobs) - {"done"}
    assert jobs["done"]["if"] == "always()"


def test_every_hook_is_local_and_uses_the_tools_environment() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert {repo["repo"] for repo in repos} == {"local"}
    hooks = [hook for repo in repos for hook in repo["hooks"] if hook["language"] != IN_PROCESS]
    assert {hook["language"] for hook in hooks} == {"system"}
    programs = {shlex.split(hook["entry"])[0] for hook in hooks}
    assert [name for name in programs if not name.startswith(".venv-tools/bin/")] == []
    assert [name for name in programs if not (ROOT / name).exists()] == []


def test_every_schema_has_its_source_in_the_readme() -> None:
    folder = ROOT / ".github" / "schemas"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert [file.name for file in folder.glob("*.json") if f"`{file.name}`" not in readme] == []

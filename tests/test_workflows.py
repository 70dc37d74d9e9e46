"""The workflows and the hooks' configuration: valid, pinned, and calling existing commands."""

import os
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from devkit.core.paths import ROOT, TOOLS
from devkit.environments.project import all_projects
from devkit.registry.workspace import load_teams
from testing.repositories import Repository
from testing.sandbox import GIT_SETTINGS
from testing.support import run

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d[\w.]*")
IN_PROCESS = "pygrep"  # part of pre-commit; its entry is a pattern

each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)


def load(workflow: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    return document


def steps(workflow: Path) -> list[dict[str, Any]]:
    """The steps of every job."""
    return [step for job in load(workflow)["jobs"].values() for step in job.get("steps", ())]


def scripts(workflow: Path) -> list[str]:
    """The scripts of every step."""
    return [step.get("run") or step.get("with", {}).get("runCmd", "") for step in steps(workflow)]


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


# Stands for GitHub's program: it records its arguments, and there is a pull request for ml already.
GH = """#!/bin/sh
echo "$@" >> "$LOG"
case "$*" in *"pr create"*"upgrade/ml"*) exit 1;; esac
"""


def test_only_changed_locks_are_proposed_a_branch_for_each_project(repository: Repository) -> None:
    folder = repository.root.parent
    for name in ("gh", "origin.git", "runner"):
        (folder / name).mkdir()
    (folder / "gh/gh").write_text(GH, encoding="utf-8")
    (folder / "gh/gh").chmod(0o755)
    run(["git", "init", "--bare", "--quiet"], folder / "origin.git")
    repository.git("remote", "add", "origin", str(folder / "origin.git"))
    for file in ("ml/requirements.txt", "tea/local_requirements.txt", ".github/workflows/ci.yml"):
        repository.write(file, "old\n")
    repository.commit()
    changed = {"ml": ["ml/requirements.txt", ".github/workflows/ci.yml", "tea/code.py"]}
    changed["tea"] = ["tea/local_requirements.txt"]
    for project, files in changed.items():
        for file in files:
            repository.write(file, "new\n")
        artifact = folder / f"runner/upgrades/upgrade-{project}"
        artifact.mkdir(parents=True)
        patch = repository.git("diff") + "\n"
        (artifact / "changes.patch").write_text(patch, encoding="utf-8")
        (artifact / "body.md").write_text("what changed\n", encoding="utf-8")
        repository.git("checkout", "--", ".")
    script = load(ROOT / ".github/workflows/upgrade.yml")["jobs"]["propose"]["steps"][-1]["run"]
    variables = {
        "RUNNER_TEMP": str(folder / "runner"),
        "PATH": f"{folder / 'gh'}:{os.environ['PATH']}",
        "LOG": str(folder / "log"),
    }
    done = run(["bash", "-eo", "pipefail", "-c", script], repository.root, GIT_SETTINGS | variables)
    assert done.returncode == 0, done.stderr
    for project, file in (("ml", "ml/requirements.txt"), ("tea", "tea/local_requirements.txt")):
        pushed = repository.git("diff", "--name-only", "work", f"origin/upgrade/{project}")
        assert pushed == file
    asked = (folder / "log").read_text(encoding="utf-8").splitlines()
    actions = [" ".join(line.split()[:2]) for line in asked]
    assert actions == ["auth setup-git", "pr create", "pr edit", "pr create"]


def test_every_project_s_upgrade_is_proposed() -> None:
    jobs = load(ROOT / ".github/workflows/upgrade.yml")["jobs"]
    artifact = next(
        step["with"] for step in jobs["project"]["steps"] if "name" in step.get("with", {})
    )
    download = next(
        step["with"] for step in jobs["propose"]["steps"] if "pattern" in step.get("with", {})
    )
    assert fnmatch(artifact["name"], download["pattern"])


@each_workflow
def test_workflows_call_existing_commands_and_options(workflow: Path) -> None:
    assert calls(workflow)
    for name, *arguments in calls(workflow):
        done = run([TOOLS / "bin" / "invoke", "--help", name], ROOT)
        assert done.returncode == 0, f"{workflow.name} calls {name}: {done.stderr}"
        ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
        options = {word for word in ours if word.startswith("--")}
        assert options <= set(re.findall(r"--[a-z][a-z-]*", done.stdout)), name


@each_workflow
def test_a_command_that_fails_in_front_of_a_pipe_fails_its_step(workflow: Path) -> None:
    """GitHub's own default for a script is bash without pipefail."""
    document = load(workflow)
    assert document["defaults"]["run"]["shell"] == "bash"
    levels = [*document["jobs"].values(), *steps(workflow)]
    assert [level for level in levels if "shell" in level or "defaults" in level] == []


@each_workflow
def test_every_job_has_its_own_permissions_and_leaves_no_token_behind(workflow: Path) -> None:
    document = load(workflow)
    assert document["permissions"] == {}
    assert [name for name, job in document["jobs"].items() if "permissions" not in job] == []
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@each_workflow
def test_scripts_get_values_only_as_variables(workflow: Path) -> None:
    """A value in the text of a script would be run: a branch can have the name `$(reboot)`."""
    assert [script for script in scripts(workflow) if "${{" in script] == []


@each_workflow
def test_a_job_that_can_write_runs_nothing_that_is_new(workflow: Path) -> None:
    """Code of the repository or of a package could use the token, or wait for the next step."""
    for job in load(workflow)["jobs"].values():
        if "write" in job["permissions"].values():
            used = {step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step}
            assert used <= {"actions/checkout", "actions/download-artifact"}
            lines = "\n".join(step.get("run", "") for step in job["steps"])
            assert not re.search(r"tasks\.py|python|\buv\b|pip|invoke|\./", lines)


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

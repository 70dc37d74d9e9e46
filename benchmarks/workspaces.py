"""Generated repositories of many small teams, with this repository's kit."""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import report
from devkit.core.paths import DEPLOYED_LOCK, LOCAL_LOCK, ROOT, TOOLS
from devkit.registry.workspace import load_teams
from testing import sandbox

DEFINITIONS = '''"""A small team."""

import dagster as dg


@dg.asset
def {name}_raw() -> None:
    """The input."""


@dg.asset(deps=[{name}_raw])
def {name}_table() -> None:
    """The output."""


defs = dg.Definitions(assets=[{name}_raw, {name}_table])
'''
ENTRY = """\
  - python_module:
      location_name: {name}_project
      module_name: {name}_project.definitions
      working_directory: {name}_project
      executable_path: {name}_project/.venv-{name}/bin/python
"""


def generate(folder: Path, teams: int) -> Path:
    """Create a checkout of this many teams, each with its own real environment, warmed up.

    The teams have the dependencies and the locks of the sample's analytics team, in
    `testing/sample`: this repository's teams may be any.
    """
    sandbox.copy(ROOT, folder)
    example = folder / "analytics_project"
    names = [f"team{number:02}" for number in range(teams)]
    for name in names:
        package = folder / f"{name}_project" / f"{name}_project"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "definitions.py").write_text(DEFINITIONS.format(name=name), encoding="utf-8")
        for file in ("pyproject.toml", LOCAL_LOCK, DEPLOYED_LOCK):
            text = (example / file).read_text(encoding="utf-8")
            for separator in "_-":
                text = text.replace(f"analytics{separator}project", f"{name}{separator}project")
            (package.parent / file).write_text(text, encoding="utf-8")
    for team in load_teams(folder):
        shutil.rmtree(team.directory)
    (folder / "workspace.yaml").write_text(
        "load_from:\n" + "".join(ENTRY.format(name=name) for name in names), encoding="utf-8"
    )
    sandbox.renew_digests(folder)
    make_dg_workspace(folder)
    prepare(folder)
    return folder


def here(folder: Path) -> Path:
    """Create a checkout of this repository itself, warmed up."""
    root = report.checkout(folder)
    make_dg_workspace(root)
    prepare(root)
    return root


def make_dg_workspace(root: Path) -> None:
    """Make the checkout a workspace of `dg`, which expects each environment in `.venv`."""
    teams = load_teams(root)
    for team in teams:
        (team.directory / ".venv").symlink_to(team.environment.name)
    (root / "dg.toml").write_text(
        'directory_type = "workspace"\n\n[workspace]\n'
        + "".join(f'\n[[workspace.projects]]\npath = "{t.directory.name}"\n' for t in teams),
        encoding="utf-8",
    )


def prepare(root: Path) -> None:
    """Build every environment, and load everything once to compile it."""
    for command in ("setup", "check"):
        subprocess.run(
            [sys.executable, "tasks.py", command],
            cwd=root,
            env=report.environment(),
            check=True,
            stdout=subprocess.DEVNULL,
        )


def install_dg(folder: Path) -> Path:
    """Install `dg` in its own environment, with the orchestrator's version of Dagster."""
    python = folder / "dg" / "bin" / "python"
    packages = ("dagster-dg-cli", "dagster-webserver", f"dagster=={dagster_version()}")
    for arguments in (("venv", folder / "dg"), ("pip", "install", "--python", python, *packages)):
        subprocess.run([TOOLS / "bin/uv", *arguments], check=True, capture_output=True)
    return folder / "dg" / "bin" / "dg"


def dagster_version() -> str:
    lock = (ROOT / "orchestrator" / "requirements.txt").read_text(encoding="utf-8")
    return lock.partition("\ndagster==")[2].split()[0]

"""Generated repositories of many teams: this one's machinery, small teams of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import report
from devkit.core.paths import ROOT, TOOLS
from devkit.registry.workspace import load_teams

DEFINITIONS = '''"""A small team."""

import dagster as dg


@dg.asset
def {name}_raw() -> None:
    """What it reads."""


@dg.asset(deps=[{name}_raw])
def {name}_table() -> None:
    """What it makes."""


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
    """A checkout of this many teams, each with a real environment of its own, warmed up.

    The teams have the dependencies, and so the lock, of this repository's analytics.
    """
    root = report.checkout(folder)
    example = root / "analytics_project"
    names = [f"team{number:02}" for number in range(teams)]
    for name in names:
        package = root / f"{name}_project" / f"{name}_project"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "definitions.py").write_text(DEFINITIONS.format(name=name))
        for file in ("pyproject.toml", "local_requirements.txt"):
            text = (example / file).read_text()
            text = text.replace("analytics_project", f"{name}_project")
            (package.parent / file).write_text(text.replace("analytics-project", f"{name}-project"))
    (root / "workspace.yaml").write_text(
        "load_from:\n" + "".join(ENTRY.format(name=name) for name in names)
    )
    for room in ("analytics_project", "ml_project"):
        shutil.rmtree(root / room)
    let_dg_in(root)
    prepare(root)
    return root


def here(folder: Path) -> Path:
    """A checkout of this repository itself, warmed up."""
    root = report.checkout(folder)
    let_dg_in(root)
    prepare(root)
    return root


def let_dg_in(root: Path) -> None:
    """Make the checkout a workspace of `dg`, which looks for each environment in `.venv`."""
    teams = load_teams(root)
    for team in teams:
        (team.directory / ".venv").symlink_to(team.environment.name)
    (root / "dg.toml").write_text(
        'directory_type = "workspace"\n\n[workspace]\n'
        + "".join(f'\n[[workspace.projects]]\npath = "{t.directory.name}"\n' for t in teams)
    )


def prepare(root: Path) -> None:
    """Build every environment and load everything once, which compiles it."""
    for command in ("setup", "check"):
        subprocess.run(
            [sys.executable, "tasks.py", command],
            cwd=root,
            env=report.environment(),
            check=True,
            stdout=subprocess.DEVNULL,
        )


def install_dg(folder: Path) -> Path:
    """`dg` in an environment of its own, at the orchestrator's version of Dagster."""
    python = folder / "dg" / "bin" / "python"
    packages = ("dagster-dg-cli", "dagster-webserver", f"dagster=={dagster_version()}")
    for arguments in (("venv", folder / "dg"), ("pip", "install", "--python", python, *packages)):
        subprocess.run([TOOLS / "bin/uv", *arguments], check=True, capture_output=True)
    return folder / "dg" / "bin" / "dg"


def dagster_version() -> str:
    lock = (ROOT / "orchestrator" / "requirements.txt").read_text()
    return lock.partition("\ndagster==")[2].split()[0]

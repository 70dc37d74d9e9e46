"""Dagster+ without an account: its own tools take what we hand them, and what they make loads."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from devkit.environments import lockfiles
from devkit.environments.project import team_project
from devkit.registry.team import Team
from testing.deploy.support import built_checkout, environment
from testing.support import Checkout, run

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
ASSETS = {"analytics": ["penguins"], "ml": ["penguin_cluster", "penguins"]}
# What its command line calls, which has to ask the organisation first where to put the result.
MAKE = """
import sys
from dagster_cloud_cli.core.pex_builder import deps, source, util
folder, target, python = sys.argv[1], sys.argv[2], util.parse_python_version(sys.argv[3])
local, _ = deps.get_deps_requirements(folder, python)
source.build_source_pex(folder, local.local_package_paths, target, python)
deps.build_deps_pex(folder, target, python)
"""
# How Dagster+'s agent unpacks and runs executables: with its own code.
UNPACK = """
import json, sys
from dagster_cloud.pex.grpc.server.registry import PexS3Registry
from dagster_cloud_cli.core.workspace import PexMetadata
made = PexS3Registry(sys.argv[1]).get_pex_executable(PexMetadata(sys.argv[2], sys.argv[3]))
print(json.dumps([made.source_path, dict(made.environ), made.working_directory]))
"""
LOAD = """
import json
import dagster, utils
from {module} import defs
print(json.dumps(sorted(key.to_user_string() for key in defs().resolve_all_asset_keys())))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return built_checkout(tmp_path_factory.mktemp("plus") / "checkout")


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory, teams: dict[str, Team]) -> Path:
    """The Python of an environment with Dagster+'s tools and agent, in analytics' version."""
    version = lockfiles.pins(team_project(teams["analytics"]))["dagster-cloud-cli"]
    folder = tmp_path_factory.mktemp("cli") / "venv"
    return environment(folder, f"dagster-cloud=={version}", "pip")


def test_its_check_accepts_the_file_of_locations(cli: Path, checkout: Checkout) -> None:
    check = ("ci", "check", "--dagster-cloud-connect-check", "skip")
    done = run([cli.parent / "dagster-cloud", *check], checkout.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Checked OK" in done.stdout


def test_its_check_refuses_a_location_that_was_not_built(cli: Path, tmp_path: Path) -> None:
    (tmp_path / "dagster_cloud.yaml").write_text(
        "locations: [{location_name: ml, code_source: {module_name: ml}, build: {directory: ml}}]"
    )
    check = ("ci", "check", "--dagster-cloud-connect-check", "skip")
    done = run([cli.parent / "dagster-cloud", *check], tmp_path)
    assert done.returncode == 1
    assert "not found for location ml" in done.stdout


@pytest.mark.parametrize("name", ASSETS)
def test_its_builder_makes_executables_that_load_the_definitions(
    name: str, cli: Path, checkout: Checkout, tmp_path: Path, teams: dict[str, Team]
) -> None:
    team = teams[name]
    on_path = {"PATH": f"{cli.parent}:{os.environ['PATH']}"}
    folder = checkout.root / "dist" / team.location
    done = run([cli, "-c", MAKE, folder, tmp_path, VERSION], tmp_path, on_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (source,) = tmp_path.glob("source-*.pex")
    (deps,) = tmp_path.glob("deps-*.pex")
    where = on_path | {"VENVS_ROOT": str(tmp_path / "venvs"), "PEX_ROOT": str(tmp_path / "pex")}
    tag = f"files={deps.name}:{source.name}"
    done = run([cli, "-c", UNPACK, tmp_path, tag, VERSION], tmp_path, where)
    assert done.returncode == 0, done.stderr
    program, variables, working_directory = json.loads(done.stdout.splitlines()[-1])
    done = run([program, "-c", LOAD.format(module=team.module)], Path(working_directory), variables)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ASSETS[name]
    # What is deployed is what is locked, and nothing else.
    info = run([cli, "-m", "zipfile", "-l", deps], tmp_path).stdout
    made = re.findall(r"\.deps/([A-Za-z0-9_.]+)-([0-9][^-]*)-", info)
    pins = lockfiles.PIN.findall((folder / "requirements.txt").read_text())
    locked = {(canonicalize_name(package), version) for package, version in pins}
    assert {(canonicalize_name(package), version) for package, version in made} <= locked

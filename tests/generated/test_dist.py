"""The deployable folders: complete, without development files, and reproducible."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest
import yaml

from devkit.core.paths import ROOT, TOOLS
from devkit.registry.team import Team
from testing.support import Checkout, borrow_tools, copy_repository, run


def tree(folder: Path) -> dict[str, tuple[str, int, int]]:
    """For each path in a folder: a digest, the permissions, the time in seconds."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mode,
            int(path.stat().st_mtime),
        )
        for path in [folder, *folder.rglob("*")]
    }


NOT_UTF_8 = os.fsdecode(b"ml_project/caf\xe9.csv")


def add_file_that_is_not_utf_8(copy: Checkout) -> None:
    """Add a file whose name has a byte that is not UTF-8."""
    (copy.root / "ml_project" / NOT_UTF_8).write_bytes(b"1\n")
    assert run(["git", "add", "ml_project"], copy.root).returncode == 0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `dist` of a copy of this repository that contains a developer's untracked files."""
    copy = copy_repository(tmp_path_factory.mktemp("built") / "checkout")
    borrow_tools(copy)
    package = copy.root / "ml_project" / "ml_project"
    (copy.root / "ml_project" / ".env").write_text("PASSWORD=secret\n", encoding="utf-8")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "clustering.cpython-311.pyc").write_bytes(b"stale")
    add_file_that_is_not_utf_8(copy)
    done = copy.tasks("build")
    assert done.returncode == 0, done.stdout + done.stderr
    return copy.root / "dist"


def test_a_folder_has_the_team_s_code_and_utils_and_no_development_files(built: Path) -> None:
    files = {path for path in tree(built / "ml_project") if (built / "ml_project" / path).is_file()}
    tracked = run(["git", "ls-files", "ml_project", "utils"], ROOT).stdout.splitlines()
    wanted = {
        name.removeprefix(f"{folder}/")
        for name in tracked
        for folder in ("ml_project", "utils")
        if name.startswith(f"{folder}/{folder}/")
    }
    metadata = {"ml_project-0.1.0.dist-info/METADATA", "dagteam_utils-0.1.0.dist-info/METADATA"}
    assert files == wanted | metadata | {"pyproject.toml", "requirements.txt", NOT_UTF_8}


def test_requirements_are_pinned_and_hashed_without_development_packages(
    built: Path, teams: dict[str, Team]
) -> None:
    assert {path.name for path in built.iterdir()} == {"orchestrator"} | {
        team.location for team in teams.values()
    }
    for folder in built.iterdir():
        lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
        pins = [line for line in lines if not line.startswith(("#", " "))]
        assert all("==" in pin and pin.endswith("\\") for pin in pins)
        names = {pin.partition("==")[0] for pin in pins}
        assert {"dagster", "dagster-postgres", "dagster-docker", "dagster-k8s"} <= names
        assert not names & {"pytest", "pip", "dagteam-utils"}
        assert ("dagster-webserver" in names) == (folder.name == "orchestrator")


def test_the_same_files_give_the_same_bytes_permissions_and_times(
    built: Path, tmp_path: Path
) -> None:
    other = copy_repository(tmp_path / "elsewhere" / "clone")
    borrow_tools(other)
    add_file_that_is_not_utf_8(other)
    for path in (other.root / "ml_project").rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o775 if path.is_dir() else 0o664)
    before = os.umask(0o077)
    try:
        assert other.tasks("build", "--team", "ml").returncode == 0
    finally:
        os.umask(before)
    assert [path.name for path in (other.root / "dist").iterdir()] == ["ml_project"]
    assert tree(other.root / "dist" / "ml_project") == tree(built / "ml_project")


def test_a_folder_loads_in_an_empty_environment_outside_the_repository(
    built: Path, tmp_path: Path, teams: dict[str, Team]
) -> None:
    team = teams["analytics"]
    shutil.copytree(built / team.location, tmp_path / "app")
    uv, python = TOOLS / "bin/uv", tmp_path / "venv" / "bin" / "python"
    assert run([uv, "venv", "--quiet", "--no-project", tmp_path / "venv"], tmp_path).returncode == 0
    install = ("pip", "install", "--quiet", "--require-hashes", "--python", python, "-r")
    done = run([uv, *install, "requirements.txt"], tmp_path / "app")
    assert done.returncode == 0, done.stderr
    assert run([uv, "pip", "check", "--python", python], tmp_path).returncode == 0
    done = run(
        [python, "-m", "dagster", "definitions", "validate"],  # pyproject.toml names what to load
        tmp_path / "app",
        {"DAGSTER_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Validation successful for code location {team.location}" in done.stdout


def test_a_team_with_a_stale_lock_is_not_built_and_keeps_its_folder(
    checkout: Checkout,
) -> None:
    assert checkout.tasks("build", "--team", "ml").returncode == 0
    before = tree(checkout.root / "dist" / "ml_project")
    checkout.edit("ml_project/pyproject.toml", "humanize>=4", "humanize>=3")
    (checkout.root / "ml_project/ml_project/new.py").write_text("", encoding="utf-8")
    done = checkout.tasks("build")
    assert done.returncode == 1
    assert (
        "ml_project/local_requirements.txt is out of date: a pyproject.toml changed" in done.stdout
    )
    assert "invoke lock --team ml" in done.stdout
    assert tree(checkout.root / "dist" / "ml_project") == before
    assert (checkout.root / "dist" / "analytics_project").is_dir()
    assert not [path for path in (checkout.root / "dist").iterdir() if path.name.startswith(".")]


def test_dagster_plus_has_a_location_for_each_team() -> None:
    """Compares both files directly, without the code that generates one from the other."""
    locations = yaml.safe_load((ROOT / "dagster_cloud.yaml").read_text(encoding="utf-8"))[
        "locations"
    ]
    entries = [
        e["python_module"]
        for e in yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))["load_from"]
    ]
    assert locations == [
        {
            "location_name": entry["location_name"],
            "code_source": {"module_name": entry["module_name"]},
            "build": {"directory": f"dist/{entry['location_name']}"},
        }
        for entry in entries
    ]

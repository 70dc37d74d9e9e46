"""Editable installations of the repository's own projects."""

from pathlib import Path

import pytest

from devkit.core.paths import TOOLS
from devkit.environments import editable
from testing.support import base_python, run

NAMED = ["--config-settings-package=tea-cups:editable_mode=compat"]
PROJECT = '[project]\nname = "Tea_Cups"\nversion = "0.1.0"\n'


def system(backend: str) -> str:
    return f'{PROJECT}[build-system]\nrequires = []\nbuild-backend = "{backend}"\n'


@pytest.mark.parametrize(
    ("file", "text", "flags"),
    [
        ("pyproject.toml", system("setuptools.build_meta"), NAMED),
        ("pyproject.toml", f"{PROJECT}[build-system]\nrequires = []\n",
         NAMED),
        ("setup.py", "from setuptools import setup\nsetup(name='tea-cups')\n",
         ["--config-setting=editable_mode=compat"]),
        ("pyproject.toml", system("hatchling.build"), []),
        ("pyproject.toml", PROJECT, []),  # it is not installed
        ("pyproject.toml", "[project", []),
    ],
)  # fmt: skip
def test_only_setuptools_is_told_to_use_the_path(
    tmp_path: Path, file: str, text: str, flags: list[str]
) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert editable.flags([tmp_path, tmp_path]) == flags


def test_a_package_is_found_although_its_project_s_folder_has_its_name(tmp_path: Path) -> None:
    project = tmp_path / "cups"
    (project / "cups").mkdir(parents=True)
    (project / "cups/__init__.py").write_text("NUMBER = 6\n", encoding="utf-8")
    setup = "from setuptools import setup\nsetup(name='cups', packages=['cups'])\n"
    (project / "setup.py").write_text(setup, encoding="utf-8")
    uv, python = TOOLS / "bin/uv", tmp_path / ".venv/bin/python"
    commands: list[list[str | Path]] = [
        ["venv", "--quiet", "--no-project", "--python", base_python(), tmp_path / ".venv"],
        ["pip", "install", "--quiet", "--python", python, *editable.flags([project]), "-e", "cups"],
    ]
    for arguments in commands:
        done = run([uv, *arguments], tmp_path)
        if "setuptools was not found" in done.stderr or "No network" in done.stderr:
            pytest.skip("setuptools can't be installed")
        assert done.returncode == 0, done.stderr
    done = run([python, "-c", "import cups; print(cups.NUMBER)"], tmp_path)
    assert done.stdout == "6\n", done.stderr

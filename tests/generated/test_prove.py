"""Proving a build: it is loaded as its image does, and compared with the team's own files."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.definitions.manifest import Manifest
from devkit.environments import interpreters, proofs, venvs
from devkit.generated import metadata, missing, prove
from devkit.registry import team
from devkit.registry.team import Team
from testing import projects
from testing.projects import Projects

ASSETS = """
import os
from pathlib import Path
import dagster as dg

@dg.asset
def tea() -> None: ...

def asset(name: str) -> dg.AssetSpec:
    return dg.AssetSpec(name.lower())

defs = dg.Definitions([tea, *map(asset, {names})])
"""


@pytest.fixture
def repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, teams: dict[str, Team], warm: None
) -> Projects:
    """A repository whose team has Dagster in the environment of its image too."""
    made = projects.make(tmp_path / "checkout", monkeypatch)
    python = teams["analytics"].python
    for module in (metadata, missing):
        monkeypatch.setattr(module, "ROOT", made.root)
    monkeypatch.setattr(team, "DIST", made.root / "dist")
    monkeypatch.setattr(proofs, "environment", lambda *_: python)
    monkeypatch.setattr(proofs, "prune", lambda: None)
    monkeypatch.setattr(venvs, "build_stale", lambda _: [])
    monkeypatch.setattr(interpreters, "deployed", lambda _: "3.11")
    code(made, "[]")
    made.commit()
    return made


def code(made: Projects, names: str, *, own: str = "[]") -> None:
    """Write what is in dist/ and, by default without specs of these names, what is the team's."""
    for folder, these in {"dist/tea_project": names, "tea_project": own}.items():
        made.write(f"{folder}/tea_project/__init__.py", "")
        made.write(f"{folder}/tea_project/definitions.py", ASSETS.replace("{names}", these))
    made.write("dist/tea_project/requirements.txt", "dagster==1.0\n")
    made.write("dist/tea_project/dagteam_utils-0.1.0.dist-info/METADATA", "")


def team_of(made: Projects, teams: dict[str, Team]) -> Team:
    return replace(made.team, python=teams["analytics"].python)


def loaded(made: Projects, teams: dict[str, Team]) -> set[str]:
    """The keys of the assets that the proof finds."""
    found = prove.proof(team_of(made, teams)).found
    assert isinstance(found, Manifest), found
    return {asset.key for asset in found.assets}


def failure(made: Projects, teams: dict[str, Team], capsys: pytest.CaptureFixture[str]) -> str:
    """What is printed for a build that is not proven."""
    assert [outcome.ok for outcome in prove.prove([team_of(made, teams)])] == [False]
    return capsys.readouterr().out


def test_a_build_that_defines_the_same_is_proven(
    repository: Projects, teams: dict[str, Team], capsys: pytest.CaptureFixture[str]
) -> None:
    prove.prove([team_of(repository, teams)])
    assert "proven: 1 asset (Dagster" in capsys.readouterr().out


def test_what_is_different_is_named(
    repository: Projects, teams: dict[str, Team], capsys: pytest.CaptureFixture[str]
) -> None:
    code(repository, "['milk']", own="['sugar']")
    printed = failure(repository, teams, capsys)
    assert "2 differences between the build and the team's files" in printed
    assert "external asset milk is only in the build" in printed
    assert "external asset sugar is not in the build" in printed


def test_it_is_loaded_outside_of_the_repository_with_no_variable_but_the_team_s(
    repository: Projects, teams: dict[str, Team], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("tea_project/.env", "OF_TEAM=1\nPYTHONPATH=/nowhere\n")
    repository.write("dist/tea_project/cup.txt", "here\n")
    for name in ("OF_SHELL", "PYTHONPATH", "DAGSTER_HOME"):
        monkeypatch.setenv(name, str(repository.root))
    here = repr(str(repository.root))
    code(
        repository,
        "[name for name in ('OF_TEAM', 'OF_SHELL', 'DAGSTER_HOME') if name in os.environ]"
        " + [name for name in ('cup.txt', '.env', '../tea_project') if Path(name).exists()]"
        f" + [name for name in os.environ if os.environ[name].startswith({here})]"
        f" + [name for name in __import__('sys').path if name.startswith({here})]",
    )
    assert loaded(repository, teams) == {"tea", "of_team", "cup.txt"}


def test_a_variable_that_only_the_shell_has_is_named(
    repository: Projects,
    teams: dict[str, Team],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code(repository, "[os.environ['TEA_TOKEN']]", own="['green']")
    assert "KeyError: 'TEA_TOKEN'" in failure(repository, teams, capsys)
    monkeypatch.setenv("TEA_TOKEN", "green")
    prove.prove([team_of(repository, teams)])
    printed = " ".join(capsys.readouterr().out.split())
    assert "only with variables that are not in its .env: TEA_TOKEN" in printed


def test_a_failure_has_the_line_in_the_build(
    repository: Projects, teams: dict[str, Team], capsys: pytest.CaptureFixture[str]
) -> None:
    code(repository, "[1 / 0]", own="[]")
    printed = failure(repository, teams, capsys)
    assert "does not load as it is deployed" in printed
    assert "dist/tea_project/tea_project/definitions.py:12: ZeroDivisionError" in printed
    assert "dagteam-proof" not in printed


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("__import__('biscuits.tin')", "libs/biscuits is in the repository, but not in the build"),
        ("__import__('crumbs')", "crumbs is installed in the team's local environment"),
        ("__import__('importlib.metadata').metadata.version('crumbs')", "the deployed lock lacks"),
        ("open('data/leaves.csv')", "data/leaves.csv is not in the build, which has the files"),
    ],
)
def test_what_the_build_lacks_is_named_with_the_fix(
    repository: Projects,
    teams: dict[str, Team],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    hint: str,
) -> None:
    repository.write("libs/biscuits/tin.py", "")
    repository.commit()
    monkeypatch.setattr(missing, "modules", lambda _: {"crumbs"})
    monkeypatch.setattr(missing, "distributions", lambda _: {"crumbs": "9.0"})
    code(repository, f"[str({statement})]")
    assert hint in " ".join(failure(repository, teams, capsys).split())


def test_another_python_than_the_image_s_is_named(
    repository: Projects,
    teams: dict[str, Team],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(interpreters, "deployed", lambda _: "3.99")
    monkeypatch.setattr(interpreters, "find", lambda _: None)
    prove.prove([team_of(repository, teams)])
    assert "this machine has no 3.99, as its image" in " ".join(capsys.readouterr().out.split())


def test_there_is_nothing_to_prove_where_the_team_s_own_files_do_not_load(
    repository: Projects, teams: dict[str, Team], capsys: pytest.CaptureFixture[str]
) -> None:
    code(repository, "[]", own="[1 / 0]")
    printed = failure(repository, teams, capsys)
    assert "loads as it is deployed, but not here" in printed
    assert "tea_project/tea_project/definitions.py:12: ZeroDivisionError" in printed


def test_a_build_without_the_metadata_of_a_library_is_not_proven(
    repository: Projects, teams: dict[str, Team], capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.root / "dist/tea_project/dagteam_utils-0.1.0.dist-info/METADATA").unlink()
    (repository.root / "dist/tea_project/dagteam_utils-0.1.0.dist-info").rmdir()
    assert "lacks the metadata of dagteam-utils" in failure(repository, teams, capsys)

"""Which files are deployed: those that Git tracks, all of them, where they can be imported."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core import parallel
from devkit.core.errors import DevkitError
from devkit.core.paths import TOOLS
from devkit.environments import composition, lockfiles
from devkit.generated import dist, shipped
from devkit.registry.team import Kind, Team
from testing import projects
from testing.projects import Projects
from testing.repositories import move_below
from testing.support import run

LIBRARY = '[tool.uv.sources]\ncommon = { path = "../libs/common" }\n'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Projects:
    """A committed repository of one team, whose locks count as fresh."""
    monkeypatch.setattr(lockfiles, "stale", lambda _: None)
    made = projects.make(tmp_path / "repository", monkeypatch)
    made.write("tea_project/tea_project/definitions.py", "import utils\n")
    made.write("tea_project/requirements.txt", "# inputs: sha256:0\n")
    made.write(".gitignore", "/dist/\n*.log\ntarget/\n__pycache__/\n.venv*\n.env\n")
    made.commit()
    return made


def build(repository: Projects) -> set[str]:
    """The files of the build, without the usual ones."""
    parallel.require(dist.build([repository.team], orchestrator=False))
    folder = repository.root / "dist/tea_project"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    usual = {"pyproject.toml", "requirements.txt"}
    return {name for name in found if "dist-info" not in name and name not in usual}


def refusal(repository: Projects, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(DevkitError, match="1 of 1 failed: tea"):
        build(repository)
    assert not (repository.root / "dist/tea_project").exists()
    return capsys.readouterr().out


CODE = {"tea_project/__init__.py", "tea_project/definitions.py", "utils/__init__.py"}


def test_below_the_top_of_a_repository_it_is_the_same(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    move_below(repository.root)
    repository.write("../tea_project/outside.py", "")
    repository.write("tea_project/tea_project/definitions.py", "import utils as u\n")
    assert build(repository) == CODE
    assert "not of any commit yet: tea_project/tea_project/definitions.py\n" in (
        capsys.readouterr().err
    )
    repository.write("tea_project/tea_project/extra.py", "")
    with pytest.raises(DevkitError):
        build(repository)
    assert "would lack tea_project/tea_project/extra.py " in capsys.readouterr().out


def test_what_git_tracks_is_deployed_without_notes(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea_project/dbt/model.sql", "")
    repository.write("tea_project/tea_project_tests/test_it.py", "")
    repository.write("tea_project/.env.example", "")
    repository.commit()
    for noise in (".env", "tea_project/__pycache__/a.pyc", ".venv-tea/x.py", "dbt/.cache.log"):
        repository.write(f"tea_project/{noise}", "")
    assert build(repository) == CODE | {"dbt/model.sql"}
    assert "left out" not in capsys.readouterr().err


def test_an_untracked_file_in_a_package_is_refused_by_name(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea_project/tea_project/key.pem", "")
    repository.write("utils/utils/more.py", "")
    printed = refusal(repository, capsys)
    assert "the build would lack tea_project/tea_project/key.pem" in printed
    assert "`git add tea_project/tea_project/key.pem`" in printed
    repository.commit()
    assert build(repository) == CODE | {"tea_project/key.pem", "utils/more.py"}


def test_other_files_are_left_out_by_name(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea_project/notes.txt", "")
    repository.write("tea_project/dbt/target/manifest.json", "")
    repository.write("tea_project/tea_project/some.log", "")
    assert build(repository) == CODE
    printed = capsys.readouterr().err
    assert "tea: left out, since Git does not track it: tea_project/notes.txt" in printed
    assert "since Git ignores it (`git add --force` deploys it): tea_project/dbt/target" in printed
    assert "tea_project/tea_project/some.log" in printed


def test_what_is_not_committed_is_built_and_named(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.root / "tea_project/tea_project/__init__.py").unlink()
    script = repository.write("tea_project/tea_project/run.sh", "#!/bin/sh\n")
    script.chmod(0o700)
    run(["git", "add", str(script)], repository.root)
    repository.write("tea_project/tea_project/definitions.py", "import utils  # edited\n")
    assert build(repository) == CODE - {"tea_project/__init__.py"} | {"tea_project/run.sh"}
    assert (repository.root / "dist/tea_project/tea_project/run.sh").stat().st_mode & 0o777 == 0o755
    names = ("__init__.py", "definitions.py", "run.sh")
    shown = ", ".join(f"tea_project/tea_project/{name}" for name in names)
    assert f"tea: not of any commit yet: {shown}" in capsys.readouterr().err


def test_the_src_layout_is_built_so_that_it_can_be_imported(repository: Projects) -> None:
    package = repository.root / "tea_project/tea_project"
    (package.parent / "src").mkdir()
    package.rename(package.parent / "src/tea_project")
    repository.write("tea_project/tea_project/__pycache__/a.pyc", "")
    repository.write("tea_project/src/helper/__init__.py", "")
    repository.write("tea_project/dbt/model.sql", "")
    repository.commit()
    assert build(repository) == CODE | {"helper/__init__.py", "dbt/model.sql"}
    folder = repository.root / "dist/tea_project"
    done = run([TOOLS / "bin/python", "-P", "-c", "import tea_project.definitions"], folder,
               {"PYTHONPATH": str(folder)})  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("place", ["", "src/"])
def test_libraries_are_beside_the_package_with_their_metadata(
    repository: Projects, place: str
) -> None:
    points = '[project.entry-points."some.group"]\nit = "common:it"\n'
    repository.project("libs/common", '"base"', points + LIBRARY.replace("common", "base"))
    repository.project("libs/base")
    file = repository.root / "libs/common/pyproject.toml"
    text = file.read_text(encoding="utf-8").replace("../libs/base", "../base")
    file.write_text(text, encoding="utf-8")
    repository.write(f"libs/common/{place}common/__init__.py", "it = 1\n")
    repository.write(f"libs/common/{place}common_tests/__init__.py", "")
    repository.write(f"libs/base/{place}other_name/__init__.py", "")
    repository.project("tea_project", '"common"', LIBRARY)
    repository.commit()
    assert build(repository) == CODE | {"common/__init__.py", "other_name/__init__.py"}
    code = (
        "import importlib.metadata as m, common, other_name\n"
        "(found,) = m.entry_points(group='some.group')\n"
        "print(found.load(), m.version('common'), m.version('dagteam-utils'))"
    )
    folder = repository.root / "dist/tea_project"
    env = {"PYTHONPATH": str(folder)}
    done = run([TOOLS / "bin/python", "-P", "-c", code], repository.root, env)
    assert done.stdout == "1 0.1.0 0.1.0\n", done.stderr
    assert '[project.entry-points."some.group"]\nit = "common:it"' in (
        folder / "pyproject.toml"
    ).read_text(encoding="utf-8")
    names = '"tea_project",\n    "other_name",\n    "common",\n    "utils",'
    assert names in (folder / "pyproject.toml").read_text(encoding="utf-8")


def test_a_library_without_a_package_is_refused_by_name(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.project("libs/common")
    repository.project("tea_project", '"common"', LIBRARY)
    repository.commit()
    printed = refusal(repository, capsys)
    assert "the package common of the library libs/common is not found" in printed


def test_two_files_for_one_place_are_refused(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea_project/utils/__init__.py", "")
    repository.commit()
    printed = refusal(repository, capsys)
    assert (
        "utils/utils/__init__.py can't be deployed: tea_project/utils/__init__.py would" in printed
    )


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("../../utils", "it is a link to a folder"),
        ("/etc/hostname", "it is a link to a file that Git does not track"),
        ("../.env", "it is a link to a file that Git does not track"),
        ("nowhere", "it is a link to a file that Git does not track"),
    ],
)
def test_a_link_is_followed_to_tracked_files_only(
    repository: Projects, capsys: pytest.CaptureFixture[str], link: str, why: str
) -> None:
    repository.write("tea_project/.env", "SECRET=1\n")
    path = repository.root / "tea_project/tea_project/linked"
    path.symlink_to(link)
    repository.commit()
    assert f"tea_project/tea_project/linked can't be deployed: {why}" in refusal(repository, capsys)
    path.unlink()
    path.symlink_to("definitions.py")
    repository.commit()
    assert build(repository) == CODE | {"tea_project/linked"}


def test_a_sparse_checkout_is_refused(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea_project/data/a.csv", "")
    repository.commit()
    sparse = ["git", "sparse-checkout", "set", "--no-cone", "/*", "!/tea_project/data/"]
    assert run(sparse, repository.root).returncode == 0
    assert not (repository.root / "tea_project/data/a.csv").exists()
    assert "tea_project/data/a.csv can't be deployed" in refusal(repository, capsys)


def test_a_module_that_would_not_be_in_the_build_is_refused(
    repository: Projects, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(repository.team, module="tea_project.defs")
    monkeypatch.setattr(Projects, "team", property(lambda _: other))
    printed = refusal(repository, capsys)
    assert "tea_project.defs, which Dagster loads, would not be in the build" in printed
    repository.write("tea_project/tea_project/defs/a.py", "")
    repository.commit()
    assert "tea_project/defs/a.py" in build(repository)


def test_what_is_read_from_where_the_code_runs_is_there_and_beside_the_code(
    repository: Projects,
) -> None:
    project = (repository.root / "tea_project/pyproject.toml").read_text(encoding="utf-8")
    table = 'runs-in = "."\ninputs = ["rules", "tea_project/dbt"]\n'
    changed = project.replace("[tool.dagteam]\n", f"[tool.dagteam]\n{table}")
    if changed == project:
        changed = f"{project}\n[tool.dagteam]\n{table}"
    repository.write("tea_project/pyproject.toml", changed)
    repository.write("rules/a.yaml", "")
    repository.write("tea_project/dbt/model.sql", "")
    repository.commit()
    assert build(repository) - CODE == {
        "rules/a.yaml", "dbt/model.sql", "tea_project/dbt/model.sql"
    }  # fmt: skip


def test_a_pin_without_a_hash_is_refused_by_name(
    repository: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = (
        "milk==1.0 \\\n    --hash=sha256:00\nbase @ git+https://a.test/b@00\n"
        "file @ https://a.test/file-1.0.tar.gz \\\n    --hash=sha256:00\n"
    )
    repository.write("tea_project/requirements.txt", f"# inputs: sha256:0\n{lock}")
    repository.commit()
    printed = refusal(repository, capsys)
    assert "tea_project/requirements.txt: no hash of base" in printed
    assert "git+https://a.test/b@00" in printed


def test_the_same_commit_gives_the_same_bytes_whatever_else_is_there(repository: Projects) -> None:
    def content() -> dict[str, tuple[bytes, float]]:
        build(repository)
        folder = repository.root / "dist/tea_project"
        return {
            str(path): (path.read_bytes() if path.is_file() else b"", path.stat().st_mtime)
            for path in folder.rglob("*")
        }

    before = content()
    repository.write("tea_project/notes.txt", "")
    repository.write("tea_project/tea_project/a.log", "")
    os.utime(repository.root / "tea_project/tea_project/definitions.py", (1, 1))
    assert content() == before


def test_a_project_s_own_files_are_not_code_where_its_folder_is_that_of_the_code(
    repository: Projects,
) -> None:
    for name in ("repo.py", "names.py", ".env.example", "tests/test_repo.py", "pyproject.toml"):
        repository.write(f"flat/{name}", "")
    repository.commit()
    tracked = {path for path in repository.root.rglob("*") if path.is_file()}
    for name in ("local_requirements.txt", "deployed_requirements.txt"):  # just made
        repository.write(f"flat/{name}", "")
    team = Team(
        "flat", "flat/repo.py", repository.root / "flat", repository.root / "flat/.venv/bin/python",
        line=2, kind=Kind.FILE, working_directory=repository.root, root=repository.root,
    )  # fmt: skip
    found = shipped.collect(composition.of(team), tracked)
    assert {str(path) for path in found.files if path.parts[0] != "utils"} == {
        "flat/repo.py",
        "flat/names.py",
    }

"""Libraries: which folders a project depends on by path, and which paths are refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.core.git import Changes
from devkit.definitions import cache
from devkit.definitions.affected import affected_by
from devkit.environments import libraries, lockfiles, venvs
from testing import projects
from testing.projects import Projects


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Projects:
    """A repository whose team lists two libraries, one of which needs a third."""
    made = projects.make(tmp_path / "repository", monkeypatch)
    made.library("libs/base")
    made.library("libs/testkit")
    made.library("libs/unused")
    made.library("libs/common", '"base"', sources('base = { path = "../base" }'))
    more = sources(
        'Common = { path = "../libs/common", editable = true }',
        'testkit = [{ path = "../libs/testkit", marker = "sys_platform != \'win32\'" }]',
        'unused = { path = "../libs/unused" }',
    )
    made.project("tea_project", '"common>=0.1"', '[dependency-groups]\ndev = ["testkit"]\n' + more)
    return made


def sources(*lines: str) -> str:
    return "\n".join(["[tool.uv.sources]", *lines, ""])


def test_a_projects_libraries_are_those_that_it_lists_and_theirs(repository: Projects) -> None:
    root = repository.root
    shared = root / "utils"
    base, common, testkit = (root / "libs" / name for name in ("base", "common", "testkit"))
    assert repository.tea.libraries == (base, common, testkit, shared)
    assert repository.tea.deployed_libraries == (base, common, shared)
    assert repository.tea.editable == (base, common, testkit, root / "tea_project", shared)


def test_libraries_that_need_each_other_are_found_once(repository: Projects) -> None:
    repository.library("libs/base", '"common"', sources('common = { path = "../common" }'))
    assert len(repository.tea.deployed_libraries) == 3


def test_the_libraries_of_utils_are_every_teams(repository: Projects) -> None:
    repository.library("libs/deep")
    repository.library("utils", '"deep"', sources('deep = { path = "../libs/deep" }'))
    assert repository.root / "libs/deep" in repository.tea.deployed_libraries


@pytest.mark.parametrize("library", ["base", "common", "testkit"])
def test_a_library_that_changes_makes_locks_environments_and_manifests_stale(
    repository: Projects, library: str
) -> None:
    def digests() -> tuple[str, str]:
        return lockfiles.inputs_digest(repository.tea), cache.digest(repository.team)

    environment = venvs.team_environment(repository.team)
    assert repository.root / "libs" / library in environment.projects
    before = digests()
    repository.write(f"libs/{library}/{library}/__init__.py", "x = 1\n")
    edited = digests()
    assert (edited[0], edited[1] != before[1]) == (before[0], True)
    file = repository.root / "libs" / library / "pyproject.toml"
    text = file.read_text(encoding="utf-8").replace("dependencies = [", 'dependencies = ["six", ')
    file.write_text(text, encoding="utf-8")
    assert digests()[0] != before[0]


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("libs/base/base/__init__.py", ["tea"]),
        ("libs/common/pyproject.toml", ["tea"]),
        ("tea_project/inner/x.py", ["tea", "milk"]),
        ("libs/unused/x.py", ["tea", "milk"]),  # of nobody's: in doubt, of everybody's
        ("utils/x.py", ["tea", "milk"]),
    ],
)
def test_a_library_affects_the_teams_that_depend_on_it(
    repository: Projects, file: str, names: list[str]
) -> None:
    repository.library("tea_project/inner")
    inner = sources('inner = { path = "../tea_project/inner" }')
    repository.project("milk", '"inner"', inner)
    milk = replace(repository.team, location="milk", directory=repository.root / "milk")
    changes = Changes("main", "0" * 40, (file,))
    found = affected_by(changes, [repository.team, milk], None, repository.root)
    assert [*found.reasons] == names


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ('{ path = "../../common" }', "it is outside of this repository"),
        ('{ path = "../linked" }', "it is outside of this repository"),
        ('{ path = "/common" }', "it is outside of this repository"),
        ('{ path = ".." }', "it is outside of this repository"),
        ('{ path = "../libs/missing" }', "it has no pyproject.toml"),
        ('{ path = "../common-1.0.whl" }', "it has no pyproject.toml"),
        ("{ workspace = true }", "no member of uv's workspace"),
    ],
)
def test_a_source_that_is_no_folder_of_the_repository_is_refused_by_name(
    repository: Projects, source: str, why: str
) -> None:
    (repository.root.parent / "common").mkdir()
    (repository.root.parent / "common/pyproject.toml").touch()
    (repository.root / "linked").symlink_to(repository.root.parent / "common")
    repository.project("tea_project", '"common"', sources(f"common = {source}"))
    with pytest.raises(DevkitError) as raised:
        lockfiles.stale(repository.tea)
    message = str(raised.value)
    assert f"tea_project/pyproject.toml: the source of common can't be used: {why}" in message
    assert 'common = { path = "../libs/common", editable = true }' in message
    assert repository.tea.libraries == (repository.root / "utils",)


@pytest.mark.parametrize("source", ['{ index = "private" }', '{ path = "../libs/dagteam-utils" }'])
def test_utils_is_this_repositorys_and_another_source_of_it_is_refused(
    repository: Projects, source: str
) -> None:
    repository.library("libs/dagteam-utils")
    more = sources(f"dagteam_utils = {source}")
    repository.project("tea_project", '"dagteam-utils"', more)
    with pytest.raises(DevkitError, match="this repository's utils is what is installed") as raised:
        lockfiles.stale(repository.tea)
    assert 'dagteam-utils = { path = "../utils", editable = true }' in str(raised.value)


def test_a_file_that_cannot_be_read_has_no_libraries_and_raises_nothing(
    repository: Projects,
) -> None:
    repository.write("libs/common/pyproject.toml", "<<<<<<< HEAD\n")
    assert repository.root / "libs/common" in repository.tea.libraries
    repository.write("tea_project/pyproject.toml", "[project]\ndependencies = 1\n")
    assert repository.tea.libraries == (repository.root / "utils",)
    assert libraries.find(repository.root / "missing").folders == ()

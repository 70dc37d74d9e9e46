"""The teams that a change affects: none too few, and none without a reason."""

import shutil
from dataclasses import replace

import pytest

from devkit.core.git import Changes
from devkit.core.paths import ROOT
from devkit.definitions.affected import Affected, affected_by
from devkit.generated import files as generated
from devkit.generated import pythons
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from testing.repositories import MILK, REGISTRY, SUGAR, TEA, Repository, entry
from testing.support import run


@pytest.fixture
def some(repository: Repository) -> tuple[Team, ...]:
    """The three teams."""
    return load_teams(repository.root)


def change_of(teams: tuple[Team, ...], *files: str, before: str | None = REGISTRY) -> Affected:
    """What a change of these files affects in a checkout of these teams."""
    root = teams[0].directory.parent
    return affected_by(Changes("main", "0" * 40, files), teams, before, root)


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("tea/code.py", ["tea"]),
        ("tea/local_requirements.txt", ["tea"]),
        ("tea/pyproject.toml", ["tea"]),
        ("tea/.env.example", ["tea"]),
        ("tea/tea_project_tests/test_it.py", ["tea"]),
        ("tea", ["tea"]),
        ("tea/utils/x.py", ["tea"]),
        ("teams/milk/deep/down/x.py", ["milk"]),
        ("utils/utils/tables.py", ["tea", "milk", "sugar"]),
        ("utils/pyproject.toml", ["tea", "milk", "sugar"]),
        ("orchestrator/requirements.txt", ["tea", "milk", "sugar"]),
        ("orchestrator/dagster.yaml", ["tea", "milk", "sugar"]),
        ("devkit/registry/workspace.py", ["tea", "milk", "sugar"]),
        ("devkit/local_requirements.txt", ["tea", "milk", "sugar"]),
        ("tasks.py", ["tea", "milk", "sugar"]),
        ("pyproject.toml", ["tea", "milk", "sugar"]),
        ("tests/test_it.py", []),
        ("testing/support.py", []),
        ("benchmarks/it.py", []),
        (".github/workflows/ci.yml", []),
        (".pre-commit-config.yaml", []),
        (".devcontainer/devcontainer.json", []),
        ("README.md", []),
        ("docs/manifest.md", []),
        (".ci/run", []),
        ("deploy/compose.yaml", []),
        ("dagster_cloud.yaml", []),
        ("utils/.vscode/settings.json", []),
        ("Makefile", ["tea", "milk", "sugar"]),
        ("never/seen/before.txt", ["tea", "milk", "sugar"]),
        ("teams/README.md", ["tea", "milk", "sugar"]),
        ("teapot/code.py", ["tea", "milk", "sugar"]),
        ("utilsx/code.py", ["tea", "milk", "sugar"]),
        ("tests.py", ["tea", "milk", "sugar"]),
    ],
)
def test_file_affects_the_team_of_its_project(
    some: tuple[Team, ...], file: str, names: list[str]
) -> None:
    found = change_of(some, file)
    assert found.reasons == dict.fromkeys(names, (file,))
    assert found.removed == ()


@pytest.mark.parametrize(
    "file",
    [
        "devkit/cli.py", "devkit/local_requirements.txt", "testing/support.py", "tests/test_it.py",
        "tasks.py", ".ci/run", ".github/workflows/ci.yml", "benchmarks/it.py", "pyproject.toml",
        ".devcontainer/devcontainer.json", ".pre-commit-config.yaml", "docs/manifest.md",
        "README.md", "deploy/Dockerfile", "orchestrator/dagster.yaml", ".gitignore",
    ],
)  # fmt: skip
def test_the_kits_own_files_affect_the_kit(some: tuple[Team, ...], file: str) -> None:
    assert change_of(some, file).kit == (file,)


@pytest.mark.parametrize(
    "file",
    [
        "tea/code.py", "tea/local_requirements.txt", "tea/tests/test_it.py", "tea/docs/a.md",
        "utils/utils/tables.py", "workspace.yaml", "docs/lineage.md", "dagster_cloud.yaml",
        "deploy/helm/tea_project.yaml", ".vscode/settings.json", "libs/common/common.py",
        "website/index.html",
    ],
)  # fmt: skip
def test_other_files_do_not_affect_the_kit(some: tuple[Team, ...], file: str) -> None:
    assert change_of(some, file).kit == ()


def test_what_is_generated_from_teams_affects_neither_the_kit_nor_a_team(
    teams: dict[str, Team],
) -> None:
    """A new team changes these files, and its pull request does not run the kit's tests."""
    texts = generated.files([*teams.values()])
    repeated = pythons.files([*teams.values()]).keys()  # the versions of Python
    files = [path.relative_to(ROOT).as_posix() for path in texts if path not in repeated]
    changes = Changes("main", "0" * 40, (*files, "docs/lineage.md"))
    found = affected_by(changes, [*teams.values()], None)
    assert found.kit == ()
    for name, reasons in found.reasons.items():
        assert reasons == (f"{teams[name].folder}/.vscode/settings.json",)


def test_file_affects_the_team_of_the_deepest_folder_or_all_that_share_it(
    some: tuple[Team, ...],
) -> None:
    tea, milk, sugar = some
    inside = replace(milk, directory=tea.directory / "milk")
    sibling = replace(sugar, directory=tea.directory)
    assert list(change_of((tea, inside, sibling), "tea/milk/x.py").reasons) == ["milk"]
    assert list(change_of((tea, inside, sibling), "tea/x.py").reasons) == ["tea", "sugar"]


@pytest.mark.parametrize(
    "before",
    [
        f"load_from:\n{SUGAR}{TEA}{MILK}",
        f"# why\nload_from:\n\n{TEA}\n  # a word\n{MILK}{SUGAR}",
        REGISTRY.replace("directory: tea\n", "directory: './tea/'\n"),
    ],
    ids=["order", "comments", "spelling"],
)
def test_equivalent_entries_affect_no_team(some: tuple[Team, ...], before: str) -> None:
    found = change_of(some, "workspace.yaml", before=before)
    assert (found.reasons, found.removed, found.kit) == ({}, (), ())


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (f"load_from:\n{TEA}{SUGAR}", "added to workspace.yaml"),
        (REGISTRY.replace("milk_project.d", "milk.d"), "its entry in workspace.yaml changed"),
        (REGISTRY.replace("venv-milk", "venv-m"), "its entry in workspace.yaml changed"),
        (REGISTRY.replace("y: teams/milk", "y: milk"), "its entry in workspace.yaml changed"),
    ],
)
def test_new_or_different_entry_affects_only_its_team(
    some: tuple[Team, ...], before: str, why: str
) -> None:
    found = change_of(some, "workspace.yaml", before=before)
    assert (found.reasons, found.removed) == ({"milk": (why,)}, ())


@pytest.mark.parametrize(
    "before",
    [
        None,
        "",
        "load_from: [\n",
        "load_from: all\n",
        "load_from:\n",
        "- tea\n",
        "load_from:\n  - python_module: tea\n",
        REGISTRY.replace("      module_name: sugar.definitions\n", ""),
        REGISTRY.replace("location_name: sugar", "location_name: [sugar]"),
        REGISTRY.replace("      executable_path: sugar/.venv-sugar/bin/python\n", ""),
    ],
)
def test_invalid_registry_of_the_base_affects_every_team(
    some: tuple[Team, ...], before: str | None
) -> None:
    found = change_of(some, "workspace.yaml", before=before)
    assert found.reasons == dict.fromkeys(("tea", "milk", "sugar"), ("workspace.yaml",))


def test_folder_of_a_removed_team_affects_no_team(some: tuple[Team, ...]) -> None:
    before = REGISTRY + entry("honey_project", "honey") + entry("bee", "tea/bee")
    found = change_of(some, "honey/code.py", "workspace.yaml", before=before)
    assert (found.reasons, found.removed) == ({}, ("honey", "bee"))
    assert found.kit == ()
    inside = change_of(some, "tea/bee/code.py", "workspace.yaml", before=before)
    assert inside.reasons == {"tea": ("tea/bee/code.py",)}


def test_former_folder_of_a_team_still_affects_it(some: tuple[Team, ...]) -> None:
    before = REGISTRY.replace("directory: sugar", "directory: old")
    found = change_of(some, "old/code.py", "workspace.yaml", before=before)
    assert found.reasons == {
        "sugar": ("old/code.py", "its entry in workspace.yaml changed"),
    }


def test_renamed_team_is_a_new_one_and_a_removed_one(
    some: tuple[Team, ...],
) -> None:
    before = REGISTRY.replace("location_name: sugar", "location_name: cane")
    found = change_of(some, "sugar/code.py", "workspace.yaml", before=before)
    assert list(found.reasons) == ["sugar"]
    assert found.removed == ("cane",)


def test_new_changed_and_removed_teams_in_a_real_change(
    repository: Repository,
) -> None:
    new = entry("honey_project", "honey")
    repository.write("honey/code.py")
    repository.write(
        "workspace.yaml", f"load_from:\n{new}{MILK}{TEA.replace('tea_project.d', 'tea_project.e')}"
    )
    shutil.rmtree(repository.root / "sugar")
    repository.commit()
    found = repository.affected()
    assert found.reasons == {
        "honey": ("honey/code.py", "added to workspace.yaml"),
        "tea": ("its entry in workspace.yaml changed",),
    }
    assert found.removed == ("sugar",)


def test_team_that_was_added_to_the_base_meanwhile_is_not_removed(repository: Repository) -> None:
    repository.write("tea/code.py")
    repository.write("workspace.yaml", f"# a word\n{REGISTRY}")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("workspace.yaml", REGISTRY + entry("honey", "honey"))
    repository.commit()
    repository.git("checkout", "--quiet", "work")
    found = repository.affected()
    assert (list(found.reasons), found.removed) == (["tea"], ())


def test_missing_registry_of_the_base_affects_every_team(repository: Repository) -> None:
    repository.git("rm", "--quiet", "--cached", "workspace.yaml")
    repository.git("commit", "--quiet", "--message", "none")
    assert list(repository.affected("HEAD").reasons) == ["tea", "milk", "sugar"]


def test_files_of_this_repository_affect_their_own_teams(teams: dict[str, Team]) -> None:
    listed = run(["git", "ls-files", "-co", "--exclude-standard", "-z"], ROOT).stdout.split("\0")
    for team in teams.values():
        files = [file for file in listed if (ROOT / file).is_relative_to(team.directory)]
        changes = Changes("main", "0" * 40, tuple(sorted(filter(None, files))))
        assert list(affected_by(changes, [*teams.values()], None).reasons) == [team.name]

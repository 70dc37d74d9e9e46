"""The teams' definitions at another revision, loaded from real Git repositories."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core import parallel
from devkit.core.errors import DevkitError
from devkit.definitions import loading
from devkit.definitions.manifest import Manifest
from devkit.lineage.base_revision import BaseRevision, manifests_at
from devkit.lineage.graph import build, difference
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from testing.lineage_repositories import ENTRY, REGISTRY, Repository, code
from testing.repositories import move_below
from testing.support import copy_repository

pytestmark = pytest.mark.usefixtures("scratch")


def keys(revision: BaseRevision) -> list[str]:
    return [key for manifest in revision.manifests for key in manifest.produces]


def test_renaming_an_asset_removes_one_and_adds_one(tmp_path: Path, teams: dict[str, Team]) -> None:
    copy = copy_repository(tmp_path / "copy")
    here = [replace(t, python=teams[t.name].python) for t in load_teams(copy.root)]
    for file in (copy.root / "analytics_project/analytics_project/defs").glob("*.py"):
        file.write_text(re.sub(r"\bpenguins\b", "birds", file.read_text(encoding="utf-8")))
    work = Repository(copy.root, teams["analytics"].python)
    work.commit()
    found = parallel.gather(loading.load, here)
    today = [one for one in found if isinstance(one, Manifest)]
    assert len(today) == len(here), found
    revision = manifests_at("HEAD~1", here, today, root=copy.root)
    assert [one.team.name for one in revision.manifests] == [team.name for team in here]
    assert (revision.unknown, revision.notes) == ((), ())
    assert revision.manifests[1] is today[1]  # ml has not changed
    change = difference(build(revision.manifests), build(today))
    assert [(node.key, node.team) for node in change.added] == [("birds", "analytics")]
    assert [(node.key, node.team) for node in change.removed] == [("penguins", "analytics")]
    assert change.after.by_key["penguins"].missing


def test_base_revision_is_the_merge_base_without_later_commits_on_main(
    repository: Repository,
) -> None:
    repository.write("tea/tea_code.py", code("'pot'"))
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("tea/tea_code.py", code("'bag'"))
    repository.commit()
    repository.git("checkout", "--quiet", "work")
    revision = repository.at()
    assert (keys(revision), revision.notes) == (["cup", "jug"], ())


def test_base_revision_of_a_root_below_the_top(repository: Repository) -> None:
    move_below(repository.root)
    repository.git("checkout", "--quiet", "-b", "more")
    repository.write("tea/tea_code.py", code("'pot'", before="import os; assert os.getcwd()"))
    repository.write("../website/index.html")
    repository.commit()
    revision = repository.at()
    assert (keys(revision), revision.notes) == (["cup", "jug"], ())
    (tea, _) = revision.manifests
    assert tea.assets[0].source
    assert tea.assets[0].source.file == repository.root / "tea/tea_code.py"
    with pytest.raises(DevkitError, match=r"main~1 has no workspace\.yaml"):
        repository.at("main~1")


def test_base_revision_without_a_common_history_is_the_base_itself_with_a_note(
    repository: Repository,
) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.write("tea/tea_code.py", code("'bag'"))
    repository.commit()
    revision = repository.at("work")
    assert keys(revision) == ["cup", "jug"]
    assert "so this compares with work itself" in revision.notes[0]


def test_uncommitted_changes_are_part_of_the_branch(repository: Repository) -> None:
    repository.write("tea/tea_code.py", "no Python at all")
    assert keys(repository.at("HEAD")) == ["cup", "jug"]


def test_utils_is_that_of_the_base_and_the_variables_are_todays(
    repository: Repository,
) -> None:
    reading = "import os\nfrom utils import NAME\n"
    repository.write("utils/utils/__init__.py", "NAME = 'old'\n")
    repository.write("tea/tea_code.py", code("NAME", "os.environ['POT']", before=reading))
    repository.commit()
    repository.write("utils/utils/__init__.py", "NAME = 'new'\n")
    repository.commit()
    repository.write("tea/.env", "POT=blue\n")
    revision = repository.at("HEAD~1")
    assert revision.notes == ()
    assert keys(revision) == ["blue", "old", "jug"]


def test_removed_team_is_named_in_a_note(repository: Repository) -> None:
    repository.write("workspace.yaml", "load_from:\n" + ENTRY.format(name="tea"))
    repository.git("rm", "-rq", "milk")
    repository.commit()
    revision = repository.at()
    assert keys(revision) == ["cup"]
    (note,) = revision.notes
    assert note.startswith("milk was a team at main and has been removed.")


def test_new_team_has_no_base_revision(repository: Repository) -> None:
    repository.write("workspace.yaml", REGISTRY + ENTRY.format(name="sugar"))
    repository.write("sugar/sugar_code.py", code("'lump'"))
    revision = repository.at()
    assert (keys(revision), revision.unknown, revision.notes) == (["cup", "jug"], (), ())


def test_other_dependencies_are_noted_but_not_a_lock_with_the_same_pins(
    repository: Repository,
) -> None:
    for name in ("tea", "milk"):
        repository.write(f"{name}/local_requirements.txt", "# inputs: a\nwater==1.0\n")
    repository.commit()
    repository.write("tea/local_requirements.txt", "# inputs: b\nwater==2.0\n")
    repository.write("milk/local_requirements.txt", "# inputs: b\nwater==1.0\n")
    repository.commit()
    revision = repository.at("HEAD~1")
    assert keys(revision) == ["cup", "jug"]
    (note,) = revision.notes
    assert note.startswith("tea had other dependencies at HEAD~1; ")


def test_definitions_that_do_not_load_are_unknown_and_hide_no_other_team(
    repository: Repository,
) -> None:
    repository.write("tea/tea_code.py", "\nimport no_such\n")
    repository.commit()
    repository.write("tea/tea_code.py", code("'pot'"))
    revision = repository.at("HEAD")
    assert (keys(revision), revision.unknown) == (["jug"], ("tea",))
    assert revision.notes == (
        "The definitions of tea at HEAD do not load (tea/tea_code.py:2: "
        "ModuleNotFoundError: No module named 'no_such'), so its changes are not listed.",
    )


def test_unaffected_team_is_not_loaded_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [loading.load(team) for team in repository.teams]
    today = [one for one in found if isinstance(one, Manifest)]
    monkeypatch.setattr(loading, "load", lambda *_, **__: pytest.fail("it was loaded"))
    revision = repository.at("main", *today)
    assert all(a is b for a, b in zip(revision.manifests, today, strict=True))


def refusal(repository: Repository, base: str) -> str:
    with pytest.raises(DevkitError) as raised:
        repository.at(base)
    return str(raised.value)


def test_unknown_base_is_named(repository: Repository) -> None:
    message = refusal(repository, "mian")
    assert "revision 'mian' not found" in message
    assert "\n  fix:  " in message


def test_base_without_a_registry_is_named_with_a_fix(repository: Repository) -> None:
    repository.git("rm", "-q", "workspace.yaml")
    repository.commit()
    repository.write("workspace.yaml", REGISTRY)
    message = refusal(repository, "HEAD")
    assert message.startswith("HEAD has no workspace.yaml")
    assert all(f"\n  {word} " in message for word in ("expected:", "found:", "fix:"))


@pytest.mark.parametrize("registry", [b"load_from: all\n", b"load_from: \xff\n"])
def test_base_with_a_broken_registry_is_named(
    repository: Repository, registry: bytes, scratch: Path
) -> None:
    (repository.root / "workspace.yaml").write_bytes(registry)
    repository.commit()
    repository.write("workspace.yaml", REGISTRY)
    message = refusal(repository, "HEAD")
    assert message.startswith("the registry of HEAD can't be read")
    assert "workspace.yaml" in message
    assert str(scratch) not in message


def test_checkout_and_index_are_not_changed(repository: Repository) -> None:
    repository.write("tea/tea_code.py", code("'pot'"))
    repository.git("add", "--all")
    repository.write("milk/milk_code.py", code("'bottle'"))
    before = repository.git("status", "--porcelain", "--branch")
    assert keys(repository.at()) == ["cup", "jug"]
    assert repository.git("status", "--porcelain", "--branch") == before
    assert repository.git("worktree", "list").count("\n") == 0


def test_interruption_leaves_no_files(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):  # `scratch` requires that no files are left
        repository.at()

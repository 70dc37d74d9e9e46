"""What the teams defined at another revision, loaded from real repositories of git."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core import parallel
from devkit.core.errors import DevkitError
from devkit.definitions import loading
from devkit.definitions.manifest import Manifest
from devkit.lineage.base_revision import Past, manifests_at
from devkit.lineage.graph import build, difference
from devkit.registry.workspace import Team, load_teams
from testing.lineage_repositories import ENTRY, REGISTRY, Repository, code
from testing.support import copy_repository

pytestmark = pytest.mark.usefixtures("scratch")


def keys(past: Past) -> list[str]:
    return [key for manifest in past.manifests for key in manifest.produces]


def test_a_commit_that_renames_an_asset_removes_one_and_adds_one(
    tmp_path: Path, teams: dict[str, Team]
) -> None:
    copy = copy_repository(tmp_path / "copy")
    here = [replace(t, python=teams[t.name].python) for t in load_teams(copy.root)]
    for file in (copy.root / "analytics_project/analytics_project/defs").glob("*.py"):
        file.write_text(re.sub(r"\bpenguins\b", "birds", file.read_text()))
    work = Repository(copy.root, teams["analytics"].python)
    work.commit()
    found = parallel.gather(loading.load, here)
    today = [one for one in found if isinstance(one, Manifest)]
    assert len(today) == len(here), found
    past = manifests_at("HEAD~1", here, today, root=copy.root)
    assert [one.team.name for one in past.manifests] == [team.name for team in here]
    assert (past.unknown, past.notes) == ((), ())
    assert past.manifests[1] is today[1]  # nothing of ml's has changed
    change = difference(build(past.manifests), build(today))
    assert [(node.key, node.team) for node in change.added] == [("birds", "analytics")]
    assert [(node.key, node.team) for node in change.removed] == [("penguins", "analytics")]
    assert change.after.by_key["penguins"].missing


def test_it_is_what_the_branch_left_and_not_what_main_did_since(repository: Repository) -> None:
    start = repository.git("rev-parse", "HEAD")
    repository.write("tea/tea_code.py", code("'pot'"))
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("tea/tea_code.py", code("'bag'"))
    repository.commit()
    repository.git("checkout", "--quiet", "work")
    past = repository.past()
    assert (past.commit, keys(past), past.notes) == (start, ["cup", "jug"], ())


def test_without_a_common_history_it_is_the_base_itself_and_said(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.write("tea/tea_code.py", code("'bag'"))
    repository.commit()
    past = repository.past("work")
    assert past.commit == repository.git("rev-parse", "work")
    assert keys(past) == ["cup", "jug"]
    assert "so this compares with work itself" in past.notes[0]


def test_what_is_not_committed_is_part_of_the_branch(repository: Repository) -> None:
    repository.write("tea/tea_code.py", "no Python at all")
    assert keys(repository.past("HEAD")) == ["cup", "jug"]


def test_the_shared_package_is_that_of_then_and_the_secrets_are_todays(
    repository: Repository,
) -> None:
    reading = "import os\nfrom utils import NAME\n"
    repository.write("utils/utils/__init__.py", "NAME = 'old'\n")
    repository.write("tea/tea_code.py", code("NAME", "os.environ['POT']", before=reading))
    repository.commit()
    repository.write("utils/utils/__init__.py", "NAME = 'new'\n")
    repository.commit()
    repository.write("tea/.env", "POT=blue\n")
    past = repository.past("HEAD~1")
    assert past.notes == ()
    assert keys(past) == ["blue", "old", "jug"]


def test_a_team_that_is_gone_is_said_to_be_unknown(repository: Repository) -> None:
    repository.write("workspace.yaml", "load_from:\n" + ENTRY.format(name="tea"))
    repository.git("rm", "-rq", "milk")
    repository.commit()
    past = repository.past()
    assert keys(past) == ["cup"]
    (note,) = past.notes
    assert note.startswith("milk was a team at main and is none today")


def test_a_new_team_has_no_past(repository: Repository) -> None:
    repository.write("workspace.yaml", REGISTRY + ENTRY.format(name="sugar"))
    repository.write("sugar/sugar_code.py", code("'lump'"))
    past = repository.past()
    assert (keys(past), past.unknown, past.notes) == (["cup", "jug"], (), ())


def test_other_dependencies_are_said_and_a_lock_made_anew_is_not(repository: Repository) -> None:
    for name in ("tea", "milk"):
        repository.write(f"{name}/local_requirements.txt", "# inputs: a\nwater==1.0\n")
    repository.commit()
    repository.write("tea/local_requirements.txt", "# inputs: b\nwater==2.0\n")
    repository.write("milk/local_requirements.txt", "# inputs: b\nwater==1.0\n")
    repository.commit()
    past = repository.past("HEAD~1")
    assert keys(past) == ["cup", "jug"]
    (note,) = past.notes
    assert note.startswith("The dependencies of tea were others at HEAD~1")


def test_definitions_that_did_not_load_are_unknown_and_hide_no_other_teams(
    repository: Repository,
) -> None:
    repository.write("tea/tea_code.py", "\nimport no_such\n")
    repository.commit()
    repository.write("tea/tea_code.py", code("'pot'"))
    past = repository.past("HEAD")
    assert (keys(past), past.unknown) == (["jug"], ("tea",))
    assert past.notes == (
        "The definitions that tea had at HEAD don't load (tea/tea_code.py:2: "
        "ModuleNotFoundError: No module named 'no_such'): what it has added or removed is not "
        "known.",
    )


def test_an_untouched_team_is_not_loaded_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [loading.load(team) for team in repository.teams]
    today = [one for one in found if isinstance(one, Manifest)]
    monkeypatch.setattr(loading, "load", lambda *_, **__: pytest.fail("it was loaded"))
    past = repository.past("main", *today)
    assert all(a is b for a, b in zip(past.manifests, today, strict=True))


def refusal(repository: Repository, base: str) -> str:
    with pytest.raises(DevkitError) as raised:
        repository.past(base)
    return str(raised.value.message)


def test_a_base_that_is_not_there_is_named(repository: Repository) -> None:
    said = refusal(repository, "mian")
    assert "'mian' is not there" in said
    assert "to mend:" in said


def test_a_base_without_a_registry_is_named_and_what_would_do(repository: Repository) -> None:
    repository.git("rm", "-q", "workspace.yaml")
    repository.commit()
    repository.write("workspace.yaml", REGISTRY)
    said = refusal(repository, "HEAD")
    assert said.startswith("HEAD has no workspace.yaml")
    assert all(word in said for word in ("expected:", "found:", "to mend:"))


@pytest.mark.parametrize("registry", [b"load_from: all\n", b"load_from: \xff\n"])
def test_a_base_whose_registry_was_broken_is_named(
    repository: Repository, registry: bytes, scratch: Path
) -> None:
    (repository.root / "workspace.yaml").write_bytes(registry)
    repository.commit()
    repository.write("workspace.yaml", REGISTRY)
    said = refusal(repository, "HEAD")
    assert said.startswith("the registry of HEAD can't be read")
    assert "workspace.yaml" in said
    assert str(scratch) not in said


def test_the_checkout_and_its_index_are_left_alone(repository: Repository) -> None:
    repository.write("tea/tea_code.py", code("'pot'"))
    repository.git("add", "--all")
    repository.write("milk/milk_code.py", code("'bottle'"))
    before = repository.git("status", "--porcelain", "--branch")
    assert keys(repository.past()) == ["cup", "jug"]
    assert repository.git("status", "--porcelain", "--branch") == before
    assert repository.git("worktree", "list").count("\n") == 0


def test_what_ends_it_leaves_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):  # `scratch` sees that nothing is left
        repository.past()

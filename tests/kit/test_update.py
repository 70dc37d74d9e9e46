"""A newer kit: what was not changed here is replaced, and everything else is as it was."""

from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.kit import migrations, record, status
from devkit.kit.update import update
from testing import kits
from testing.kits import Pretended
from testing.repositories import Repository

BRANCH = "dagteam/update-0.4.0"


@pytest.fixture
def source(tmp_path: Path, isolated_git: None) -> Repository:
    return kits.kit(tmp_path / "kit")


@pytest.fixture
def mine(tmp_path: Path, source: Repository) -> Repository:
    """A repository that has adopted the first kit; the source has the second one since."""
    repository = kits.adopted(tmp_path / "mine", source)
    kits.release(source)
    return repository


def text(repository: Repository, name: str) -> str | None:
    file = repository.root / name
    return file.read_text(encoding="utf-8") if file.exists() else None


def edit(repository: Repository, name: str, change: str) -> None:
    repository.write(name, change)
    repository.commit()


def state(repository: Repository) -> tuple[str, ...]:
    return tuple(
        repository.git(*command)
        for command in (["status", "--porcelain", "--branch"], ["for-each-ref"])
    )


def test_a_newer_kit_comes_in_one_commit_and_teams_stay(
    mine: Repository, source: Repository
) -> None:
    edit(mine, "devkit/edited.py", kits.LINES + "mine\n")
    before, run = mine.git("rev-parse", "HEAD"), Pretended()
    assert update(mine.root, str(source.root), run)
    assert run.asked == ["kit --migrate 0.2.0", "lock", "derive", "check"]
    assert mine.git("branch", "--show-current") == BRANCH
    assert mine.git("rev-parse", "HEAD~1") == before
    assert text(mine, "devkit/changed.py") == "new\n"
    assert text(mine, "devkit/added.py") == "added\n"
    assert text(mine, "devkit/gone.py") is None
    merged = kits.LINES.replace("line 2\n", "line two\n") + "mine\n"
    assert text(mine, "devkit/edited.py") == merged
    assert text(mine, "devkit/orchestrator/dagster.yaml") == "telemetry: false\n"
    assert text(mine, "milk/code.py") == "milk = 1\n"
    assert text(mine, "workspace.yaml") is None
    assert text(mine, "README.md") == "derived\n"
    assert mine.git("status", "--porcelain", "--untracked-files=no") == ""
    kept = record.read(mine.root)
    assert kept
    assert (kept.version, kept.commit) == ("0.4.0", source.git("rev-parse", "HEAD"))
    assert kept.edited(mine.root) == ["devkit/edited.py"]
    assert update(mine.root, str(source.root), Pretended())  # up to date


def test_a_bare_repository_is_a_source(mine: Repository, source: Repository) -> None:
    bare = source.root.with_name("kit.git")
    source.git("clone", "--quiet", "--bare", str(source.root), str(bare))
    assert update(mine.root, str(bare), Pretended())
    assert text(mine, "devkit/changed.py") == "new\n"
    with pytest.raises(DevkitError, match="can't be cloned"):
        update(mine.root, str(bare.with_name("nothing")), Pretended())


def test_what_was_changed_in_both_is_an_ordinary_conflict(
    mine: Repository, source: Repository
) -> None:
    edit(mine, "devkit/edited.py", kits.LINES.replace("line 2\n", "my line\n"))
    run = Pretended()
    assert not update(mine.root, str(source.root), run)
    assert run.asked == []
    assert "<<<<<<< changed here\nmy line\n=======\nline two\n" in (
        text(mine, "devkit/edited.py") or ""
    )
    assert "UU devkit/edited.py" in mine.git("status", "--porcelain")
    assert text(mine, "devkit/changed.py") == "new\n"
    mine.write("devkit/edited.py", "resolved\n")
    mine.commit()
    assert record.read(mine.root).version == "0.4.0"  # type: ignore[union-attr]


@pytest.mark.parametrize("fails", ["kit --migrate 0.2.0", "lock", "derive"])
def test_a_step_that_fails_changes_nothing(
    mine: Repository, source: Repository, fails: str
) -> None:
    mine.write("notes", "mine")
    before = state(mine)
    with pytest.raises(DevkitError, match="nothing was changed"):
        update(mine.root, str(source.root), Pretended([fails]))
    assert state(mine) == before
    assert text(mine, "devkit/gone.py") == "gone\n"
    assert text(mine, "README.md") == "mine\n"


def test_an_interruption_changes_nothing(mine: Repository, source: Repository) -> None:
    def interrupted(root: Path, _: object) -> object:
        assert (root / "devkit/added.py").exists()
        raise KeyboardInterrupt

    before = state(mine)
    with pytest.raises(KeyboardInterrupt):
        update(mine.root, str(source.root), interrupted)  # type: ignore[arg-type]
    assert state(mine) == before


def test_what_the_check_finds_is_told_after_the_update(
    mine: Repository, source: Repository
) -> None:
    assert not update(mine.root, str(source.root), Pretended(["check"]))
    assert mine.git("log", "-1", "--format=%s") == "Update DagTeam to 0.4.0"


def test_nothing_is_begun_on_a_dirty_tree_or_twice(mine: Repository, source: Repository) -> None:
    mine.git("branch", BRANCH)
    with pytest.raises(DevkitError, match="an earlier update"):
        update(mine.root, str(source.root), Pretended())
    mine.write("README.md", "changed")
    with pytest.raises(DevkitError, match="not committed"):
        update(mine.root, str(source.root), Pretended())


def test_what_was_removed_here_stays_so_and_a_lock_is_no_conflict(
    mine: Repository, source: Repository
) -> None:
    (mine.root / "devkit/changed.py").unlink()
    edit(mine, "devkit/local_requirements.txt", "a==1.5\n")
    edit(mine, "devkit/gone.py", "gone, mine\n")
    assert update(mine.root, str(source.root), Pretended())
    assert text(mine, "devkit/changed.py") is None
    assert text(mine, "devkit/gone.py") == "gone, mine\n"
    assert text(mine, "devkit/local_requirements.txt") == "a==2\n"


def test_the_base_is_found_where_the_history_of_the_adoption_is_gone(
    mine: Repository, source: Repository
) -> None:
    mine.git("checkout", "--quiet", "--orphan", "fresh")
    edit(mine, "devkit/edited.py", kits.LINES + "mine\n")
    assert update(mine.root, str(source.root), Pretended())
    assert (text(mine, "devkit/edited.py") or "").endswith("line 19\nmine\n")


@pytest.mark.parametrize("squashed", [False, True])
def test_a_repository_that_began_as_a_clone(source: Repository, *, squashed: bool) -> None:
    mine = Repository(source.root.with_name("clone"))
    source.git("clone", "--quiet", str(source.root), str(mine.root))
    if squashed:
        mine.git("checkout", "--quiet", "--orphan", "fresh")
    mine.write("workspace.yaml", "load_from: []\n")
    edit(mine, "milk/code.py", "milk = 1\n")
    kits.release(source)
    assert update(mine.root, str(source.root), Pretended())
    assert text(mine, "devkit/changed.py") == "new\n"
    assert text(mine, "devkit/gone.py") is None
    assert (text(mine, "devkit/template.yaml") or "").endswith("new\n")
    assert text(mine, "tea/code.py") == "tea = 1\n"
    assert text(mine, "milk/code.py") == "milk = 1\n"
    assert text(mine, "workspace.yaml") == "load_from: []\n"
    assert text(mine, "generated.yaml") == kits.FIRST["generated.yaml"]
    assert not (mine.root / record.NAME).exists()


def test_a_repository_that_never_had_the_kit_is_refused(
    source: Repository, repository: Repository
) -> None:
    with pytest.raises(DevkitError, match="is where it came from"):
        update(repository.root, str(source.root), Pretended())


def test_utils_is_marked_once(tmp_path: Path) -> None:
    assert migrations.run(tmp_path, "0.2.0") == []
    file = tmp_path / "utils/pyproject.toml"
    file.parent.mkdir()
    file.write_text(kits.FIRST["utils/pyproject.toml"], encoding="utf-8")
    assert len(migrations.run(tmp_path, "0.2.0")) == 1
    assert "shared = true" in file.read_text(encoding="utf-8")
    assert migrations.run(tmp_path, "0.2.0") == []
    assert migrations.run(tmp_path, "99") == []


def test_status(mine: Repository, source: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    edit(mine, "devkit/same.py", "mine\n")
    status.show(root=mine.root)
    assert "DagTeam 0.2.0, commit" in (shown := capsys.readouterr().out)
    assert "changed here: 1 file of the kit\n  devkit/same.py" in shown
    status.show(str(source.root), mine.root)
    assert "newer: 0.4.0; `invoke kit --update --from" in capsys.readouterr().out
    status.show(str(mine.root), mine.root)
    assert "has 0.2.0, too, of commit" in capsys.readouterr().out

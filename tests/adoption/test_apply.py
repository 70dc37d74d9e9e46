"""Writing an adoption: on a branch, in three commits, or not at all; and taking it back."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from devkit.adoption import apply, first_run, undo
from devkit.adoption.model import Obstacle, Question
from devkit.core import git
from devkit.core.paths import ROOT, TOOLS
from devkit.core.processes import Completed
from devkit.kit import blocks, record
from testing import adopted
from testing.adopted import Pretended
from testing.repositories import Repository


@pytest.fixture
def shop(tmp_path: Path, isolated_git: None) -> Repository:
    return adopted.foreign(tmp_path / "shop")


def state(repository: Repository) -> tuple[str, ...]:
    """Everything that an adoption that writes nothing must not change."""
    exclude = repository.root / ".git/info/exclude"
    return (
        repository.git("status", "--porcelain", "--branch"),
        repository.git("rev-parse", "HEAD"),
        repository.git("for-each-ref"),
        exclude.read_text(encoding="utf-8") if exclude.exists() else "",
    )


def test_it_is_written_in_three_commits_on_a_branch(shop: Repository) -> None:
    before = shop.git("rev-parse", "HEAD")
    run = Pretended()
    assert apply.apply(adopted.plan(shop.root), run=run) == apply.GREEN
    assert shop.git("branch", "--show-current") == apply.BRANCH
    assert shop.git("log", "--format=%s", f"{before}..").splitlines() == [
        "Lock every team's dependencies",
        "Make every code location a team of DagTeam",
        f"Add DagTeam {record.read(shop.root).version}",  # type: ignore[union-attr]
    ]
    assert shop.git("status", "--porcelain") == ""
    assert run.asked == ["lock", "setup", "check --baseline", "test", "build --prove"]
    changed = shop.git("diff", "--name-status", "--no-renames", before).splitlines()
    assert [line[2:] for line in changed if line[0] != "A"] == [
        ".gitignore", "marketing/pyproject.toml", "workspace.yaml"]  # fmt: skip
    tops = {line[2:].partition("/")[0] for line in changed if line[0] == "A"}
    assert tops == {"devkit", "tasks.py", "teams", ".pre-commit-config.yaml"}


def test_what_is_there_stays_and_gets_what_it_lacks(shop: Repository) -> None:
    apply.apply(adopted.plan(shop.root), run=Pretended())
    text = (shop.root / "workspace.yaml").read_text(encoding="utf-8")
    assert "# Our locations." in text
    assert "# the shop" in text
    entries = yaml.safe_load(text)["load_from"]
    assert [entry["executable_path"] for one in entries for entry in one.values()] == [
        *adopted.PYTHONS]  # fmt: skip
    project = (shop.root / "marketing/pyproject.toml").read_text(encoding="utf-8")
    assert project == adopted.MARKETING + '\n[tool.dagteam]\nsources = [\n    "marketing",\n]\n'
    ignored = git.ask("check-ignore", *adopted.PYTHONS, ".venv-tools/x", "data/x", root=shop.root)
    assert len(ignored.stdout.splitlines()) == 4
    assert (shop.root / "devkit/orchestrator/pyproject.toml").is_file()
    assert not (shop.root / "tests").exists()


def test_the_record_has_the_digest_of_every_file(shop: Repository) -> None:
    apply.apply(adopted.plan(shop.root), run=Pretended())
    kept = record.read(shop.root)
    assert kept
    assert kept.edited(shop.root) == []
    for name, digest in {**kept.files, **kept.written}.items():
        assert record.digest_of(shop.root / name) == digest, name
    assert kept.original == adopted.REGISTRY
    assert kept.generated == ("teams/repo_py/local_requirements.txt",)
    assert kept.hooks == "ours"
    assert kept.derives == ()


def test_the_first_lock_is_held_to_todays_pins(
    shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def run(root: Path, arguments: Sequence[str]) -> Completed:
        file = root / first_run.CONSTRAINTS / "repo_py.txt"
        if file.exists():
            seen.append(f"{arguments[0]}: {file.read_text(encoding='utf-8')}")
        done = pretended(root, arguments)
        printed = "repo_py: the pin rich==10.0 can't be kept\n"
        return replace(done, stderr=printed) if arguments[0] == "lock" else done

    pretended = Pretended()
    assert apply.apply(adopted.plan(shop.root), run=run) == apply.GREEN
    assert seen == ["lock: dagster==1.9.0\nrich==10.0\n"]
    assert "pins that could not be kept: repo_py: rich==10.0" in capsys.readouterr().out


def test_the_orchestrator_is_not_older_than_a_team(shop: Repository) -> None:
    def run(root: Path, arguments: Sequence[str]) -> Completed:
        done = pretended(root, arguments)
        if arguments == ("lock",):
            lock = root / "teams/repo_py/local_requirements.txt"
            lock.write_text("# inputs: sha256:0\ndagster==99.1\n", encoding="utf-8")
        return done

    pretended = Pretended()
    apply.apply(adopted.plan(shop.root), run=run)
    assert pretended.asked[:3] == ["lock", "lock --team orchestrator --upgrade", "setup"]


def test_a_step_that_fails_is_told_and_the_others_run(
    shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Pretended({"test": "FAILED  repo_py  1 failed  2.0 s\n"})
    assert apply.apply(adopted.plan(shop.root), run=run) == apply.FINDINGS
    assert run.asked[-1] == "build --prove"
    printed = capsys.readouterr().out
    assert "`python3 tasks.py test` fails" in printed
    assert "README.md:1: says how it was" in printed
    assert "variables of our_marketing: TOKEN" in printed
    assert shop.git("status", "--porcelain") == ""


def test_nothing_is_written_where_something_is_in_the_way(
    shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = adopted.plan(shop.root)

    def refused(word: str, made: object = plan) -> None:
        before = state(shop)
        assert apply.apply(made, run=Pretended()) == apply.NOTHING_WRITTEN  # type: ignore[arg-type]
        assert word in capsys.readouterr().err
        assert state(shop) == before
        assert not (shop.root / "devkit/core").exists()

    refused("setup.py:3", replace(plan, obstacles=(Obstacle("setup.py", 3, "bad", "x", "y"),)))
    refused("open questions: which", replace(plan, questions=(Question("which", "?"),)))
    refused("not in a Git repository", replace(plan, git_prefix=None))
    (shop.root / "README.md").write_text("changed", encoding="utf-8")
    refused("not committed")
    shop.git("checkout", "--quiet", "README.md")
    shop.git("branch", apply.BRANCH)
    refused("an earlier adoption")
    shop.git("branch", "-D", apply.BRANCH)
    shop.write("devkit/mine.py")
    refused("devkit exists")
    (shop.root / "devkit/mine.py").unlink()
    (shop.root / "devkit").rmdir()
    shop.write("dist/wheel")
    shop.commit()
    refused("dist/ is in Git")


def test_what_was_adopted_is_not_adopted_again(
    shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    apply.apply(adopted.plan(shop.root), run=Pretended())
    head = shop.git("rev-parse", "HEAD")
    assert apply.apply(adopted.plan(shop.root), run=Pretended()) == apply.NOTHING_WRITTEN
    assert "has adopted the kit already" in capsys.readouterr().err
    assert shop.git("rev-parse", "HEAD") == head


def test_an_interruption_while_it_is_written_changes_nothing(
    shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(shop)

    def interrupt(_: object) -> None:
        assert (shop.root / "devkit/core").is_dir()
        raise KeyboardInterrupt

    monkeypatch.setattr(apply, "_exclude", interrupt)
    with pytest.raises(KeyboardInterrupt):
        apply.apply(adopted.plan(shop.root), run=Pretended())
    assert state(shop) == before


def test_an_empty_folder_becomes_a_platform(tmp_path: Path, isolated_git: None) -> None:
    plan = replace(adopted.with_no_teams(adopted.plan(tmp_path)), git_prefix=None)
    assert apply.apply(plan, run=Pretended()) == apply.GREEN
    repository = Repository(tmp_path)
    assert repository.git("branch", "--list").split() == ["*", "main"]
    assert (tmp_path / "workspace.yaml").read_text(encoding="utf-8") == "load_from: []\n"


def test_a_workflow_only_if_it_is_wanted(shop: Repository) -> None:
    apply.apply(adopted.plan(shop.root), ci=True, run=Pretended())
    assert (shop.root / ".github/workflows/dagteam.yml").is_file()
    assert ".github/workflows/dagteam.yml" in record.read(shop.root).files  # type: ignore[union-attr]


def test_unadopt_takes_everything_back(shop: Repository) -> None:
    before = shop.git("rev-parse", "HEAD")
    old = state(shop)[-1]
    hook = shop.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    shop.write("mine.egg-info/PKG-INFO")
    apply.apply(adopted.plan(shop.root), run=Pretended())
    # What setup does: environments, and a hook that runs the tools.
    for name in (".venv-tools", "teams/repo_py/.venv-repo_py"):
        for file in ("pyvenv.cfg", ".stamp"):
            shop.write(f"{name}/{file}")
    shop.write("own/.venv/pyvenv.cfg")
    for name in (".dagteam/log", "dist/x/y", "sales/x.egg-info/PKG-INFO", "teams/repo_py/.env",
                 "devkit/core/__pycache__/x.pyc"):  # fmt: skip
        shop.write(name)
    tools = shop.root / TOOLS.name / "bin/python"
    hook.replace(hook.with_name("pre-commit.legacy"))
    hook.write_text(f"INSTALL_PYTHON={tools}\n", encoding="utf-8")

    assert undo.unadopt(shop.root) == []
    assert shop.git("diff", before) == ""
    assert state(shop)[-1] == old
    assert hook.read_text(encoding="utf-8") == "#!/bin/sh\nexit 0\n"
    assert [path.name for path in hook.parent.iterdir() if "legacy" in path.name] == []
    assert not (shop.root / ".git/dagteam").exists()
    left = {path.relative_to(shop.root).as_posix() for path in shop.root.rglob("*")
            if path.is_file() and ".git/" not in path.as_posix()}  # fmt: skip
    tracked = set(shop.git("ls-tree", "-r", "--name-only", before).split())
    assert left - tracked == {
        "mine.egg-info/PKG-INFO",
        "teams/repo_py/.env",
        "own/.venv/pyvenv.cfg",
    }


def test_the_history_of_runs_stays_and_is_not_about_to_be_committed(shop: Repository) -> None:
    apply.apply(adopted.plan(shop.root), run=Pretended())
    shop.write(".dagster_home/history")
    undo.unadopt(shop.root)
    assert (shop.root / ".dagster_home/history").is_file()
    assert shop.git("status", "--porcelain", ".dagster_home") == ""


def test_unadopt_leaves_and_names_what_was_edited(shop: Repository) -> None:
    apply.apply(adopted.plan(shop.root), run=Pretended())
    with (shop.root / "devkit/cli.py").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    with (shop.root / "workspace.yaml").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    left = undo.unadopt(shop.root)
    assert [line.partition(":")[0] for line in left] == ["workspace.yaml", "devkit/cli.py"]
    text = (shop.root / "workspace.yaml").read_text(encoding="utf-8")
    assert text == adopted.REGISTRY + "# mine\n"
    assert (shop.root / "devkit/cli.py").is_file()
    assert not (shop.root / "devkit/core").exists()


@pytest.mark.parametrize("theirs", [False, True])
def test_a_folder_below_gits_top(tmp_path: Path, isolated_git: None, *, theirs: bool) -> None:
    top = Repository(tmp_path)
    root = adopted.foreign(tmp_path / "made").root
    (root / ".git").rename(tmp_path / "old")
    if theirs:
        top.write(".pre-commit-config.yaml", "repos:\n- repo: https://x\n  hooks: [id: a]\n")
    top.init()
    before = top.git("rev-parse", "HEAD")
    assert apply.apply(adopted.plan(root, "made/"), run=Pretended()) == apply.GREEN
    changed = top.git("diff", "--name-only", before).splitlines()
    config = ".pre-commit-config.yaml"
    outside = [name for name in changed if not name.startswith("made/")]
    assert outside == ([config] if theirs else [])
    assert (root / config).exists() != theirs
    if theirs:
        assert "exec made/.venv-tools/bin/python made/tasks.py" in (tmp_path / config).read_text()
    exclude = tmp_path / ".git/info/exclude"
    assert "/made/.dagteam/" in (blocks.block_in(exclude.read_text()) or "")
    assert undo.unadopt(root) == []
    assert top.git("diff", before) == ""


def test_this_repository_was_not_adopted() -> None:
    with pytest.raises(Exception, match="was not adopted"):
        undo.unadopt(ROOT)

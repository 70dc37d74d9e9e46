"""Git hooks: whether Git runs them, in every kind of checkout, and how they are installed."""

import os
from pathlib import Path

import pytest

from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.paths import TOOLS
from devkit.environments import hooks
from devkit.environments.hooks import Kind, Problem
from devkit.kit import record
from devkit.kit.record import Record
from testing.repositories import Repository
from testing.support import run


def with_tools(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder the checkout that this process works in, with these tools."""
    (root / ".venv-tools").symlink_to(TOOLS)
    monkeypatch.setattr(hooks, "ROOT", root)
    monkeypatch.setattr(hooks, "TOOLS", root / ".venv-tools")
    return root


@pytest.fixture
def root(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without hooks, on a branch that has the configuration of a hook."""
    repository.write(
        ".pre-commit-config.yaml",
        "repos: [{repo: local, hooks: [{id: bad, name: bad, language: fail, entry: refused, "
        "files: code}]}]\n",
    )
    repository.commit()
    return with_tools(repository.root, monkeypatch)


def kind(root: Path) -> Kind | None:
    found = hooks.problem(root)
    return found.kind if found else None


def expect(root: Path, wanted: Kind) -> Problem:
    found = hooks.problem(root)
    assert found
    assert found.kind is wanted
    assert found.what
    assert found.fix
    return found


def commit(root: Path, file: str = "tea/code.py") -> str:
    """Commit a change as Git does; returns what it printed, empty if the hook was not run."""
    with (root / file).open("a", encoding="utf-8") as opened:
        opened.write("# changed\n")
    run(["git", "add", "--all"], root, dict(os.environ))
    done = run(["git", "commit", "--message", "some"], root, dict(os.environ))
    return done.stdout + done.stderr if done.returncode else ""


def test_hooks_are_missing_until_they_are_installed(root: Path) -> None:
    expect(root, Kind.MISSING)
    assert hooks.install() == "installed"
    assert hooks.problem(root) is None
    assert "refused" in commit(root)


@pytest.mark.parametrize("scope", ["global", "local"])
def test_a_hooks_path_does_not_fail_the_installation(
    root: Path, scope: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Usual in companies, for all repositories of a machine."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    theirs = tmp_path / "their hooks"
    theirs.mkdir()
    run(["git", "config", f"--{scope}", "core.hooksPath", theirs], root, dict(os.environ))
    hooks.install()
    found = expect(root, Kind.REDIRECTED)
    assert f"({scope})" in found.what
    assert str(theirs) in found.what
    assert ("--unset-all" in found.fix) == (scope == "local")
    assert commit(root) == ""

    hook = theirs / "pre-commit"
    hook.write_text(f"#!/bin/sh\n{hooks.CHAIN}\n", encoding="utf-8")
    hook.chmod(0o755)
    assert hooks.problem(root) is None
    assert "refused" in commit(root)


def test_ensure_installs_the_hook_and_returns_what_is_left(
    root: Path, repository: Repository
) -> None:
    assert hooks.ensure(root) is None
    hook = root / ".git/hooks/pre-commit"
    hook.unlink()
    repository.git("config", "core.hooksPath", "/elsewhere")  # as copied into a container
    found = hooks.ensure(root)
    assert found
    assert found.kind is Kind.REDIRECTED
    assert f"\n  fix:      in /elsewhere/pre-commit: `{hooks.CHAIN}`" in str(found)
    assert hook.exists()


def test_ensure_does_nothing_in_an_archive(tmp_path: Path) -> None:
    assert hooks.ensure(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_chained_hook_of_a_repository_without_hooks_passes(tmp_path: Path) -> None:
    """The hook of a whole machine runs in other repositories too."""
    run(["git", "init", "--quiet"], tmp_path)
    (tmp_path / "hook").write_text(hooks.CHAIN, encoding="utf-8")
    assert run(["sh", "hook"], tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("name", "text", "calls"),
    [
        (".hooks/pre-commit", "#!/bin/sh\n.venv-tools/bin/pre-commit run\n", True),
        (".hooks/pre-commit", "#!/bin/sh\n# no pre-commit here\nnpx lint-staged\n", False),
        (".hooks/pre-push", "#!/bin/sh\npre-commit run\n", False),
        (".husky/pre-commit", ".venv-tools/bin/python -m pre_commit run\n", True),
        (".husky/pre-commit", "npm test\n", False),
    ],
)
def test_a_folder_of_hooks_in_the_repository_may_call_pre_commit(
    root: Path, repository: Repository, name: str, text: str, calls: bool
) -> None:
    hooks.install()
    repository.write(name, text)
    folder = ".husky/_" if "husky" in name else ".hooks"
    (root / folder).mkdir(exist_ok=True)
    repository.git("config", "core.hooksPath", folder)
    assert kind(root) is (None if calls else Kind.REDIRECTED)


def test_a_hooks_path_to_the_usual_folder_is_no_problem(root: Path, repository: Repository) -> None:
    repository.git("config", "core.hooksPath", str(root / ".git/hooks"))
    hooks.install()
    assert hooks.problem(root) is None


def test_worktrees_share_one_hook(
    root: Path, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks.install()
    repository.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = tmp_path / "linked"
    assert hooks.problem(linked) is None
    assert "refused" in commit(linked)
    (root / ".venv-tools").unlink()  # then no worktree can commit
    assert "does not exist" in expect(linked, Kind.MISSING).what
    with_tools(linked, monkeypatch)
    hooks.install()
    assert hooks.problem(linked) is None
    assert hooks.problem(root) is None


def test_a_bare_repository_with_worktrees_has_hooks(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / ".bare"
    run(["git", "clone", "--quiet", "--bare", root, bare], tmp_path, dict(os.environ))
    tree = tmp_path / "tree"
    run(["git", "worktree", "add", "--quiet", tree, "work"], bare, dict(os.environ))
    expect(tree, Kind.MISSING)
    with_tools(tree, monkeypatch)
    hooks.install()
    assert hooks.problem(tree) is None
    assert (bare / "hooks/pre-commit").exists()
    assert "refused" in commit(tree)


def test_a_hook_of_another_folder_is_missing(root: Path, tmp_path: Path) -> None:
    """A copied or moved checkout: its hook runs the tools of the old one."""
    hooks.install()
    hook = root / ".git/hooks/pre-commit"
    text = hook.read_text(encoding="utf-8")
    other = tmp_path / "other/.venv-tools"
    (other / "bin").mkdir(parents=True)
    (other / "bin/python").symlink_to(TOOLS / "bin/python")
    for folder in (other, tmp_path / "gone"):
        hook.write_text(text.replace(str(root / ".venv-tools"), str(folder)), encoding="utf-8")
        assert str(folder) in expect(root, Kind.MISSING).what


def test_a_pre_commit_of_the_user_s_own_is_as_good(root: Path, tmp_path: Path) -> None:
    """In a repository that had hooks before: it is not installed over."""
    hooks.install()
    hook = root / ".git/hooks/pre-commit"
    text = hook.read_text(encoding="utf-8")
    (tmp_path / "own").symlink_to(TOOLS / "bin/python")
    own = text.replace(str(root / ".venv-tools/bin/python"), str(tmp_path / "own"))
    hook.write_text(own, encoding="utf-8")
    assert hooks.ensure(root) is None
    assert hook.read_text(encoding="utf-8") == own


def test_a_hook_by_hand_counts_if_it_runs_the_tools(root: Path) -> None:
    hook = root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n.venv-tools/bin/pre-commit run\n", encoding="utf-8")
    assert hooks.problem(root) is None
    hook.write_text("#!/bin/sh\nmake lint\n", encoding="utf-8")
    expect(root, Kind.MISSING)


def test_a_branch_without_a_configuration_can_be_committed_to(
    root: Path, repository: Repository
) -> None:
    hooks.install()
    repository.git("checkout", "--quiet", "main")
    assert commit(root) == ""


def test_a_worktree_whose_repository_is_gone_is_named(tmp_path: Path) -> None:
    """In a dev container that mounts the worktree alone, for instance."""
    (tmp_path / ".git").write_text("gitdir: /nowhere/.git/worktrees/x\n", encoding="utf-8")
    found = expect(tmp_path, Kind.UNREADABLE)
    assert "not a git repository: /nowhere/.git/worktrees/x" in found.what
    assert "worktree repair" in found.fix


def test_an_archive_is_no_repository(tmp_path: Path, repository: Repository) -> None:
    expect(tmp_path, Kind.NO_REPOSITORY)
    repository.write("archive.log/workspace.yaml")  # Git ignores it
    expect(repository.root / "archive.log", Kind.NO_REPOSITORY)


def test_a_checkout_without_git_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    expect(root, Kind.NO_GIT)


# A root below the top of its repository


# It prints where it runs, its arguments and the files, and fails.
TELL = """\
repos:
  - repo: local
    hooks:
      - id: tell
        name: tell
        language: system
        entry: .venv-tools/bin/python tell.py --one
        args: [--two]
        files: ^tea/
"""
TELLER = "import os, sys; sys.exit(' '.join(['told:', os.getcwd(), *sorted(sys.argv[1:])]))"


@pytest.fixture
def inner(below: Repository, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root below the top, on a branch that has the configuration of a hook."""
    below.write(".pre-commit-config.yaml", TELL)
    below.write("tell.py", TELLER)
    below.commit()
    below.write("../../.git/info/exclude", ".dagteam\n")
    return with_tools(below.root, monkeypatch)


def test_below_the_top_entries_run_in_the_root_for_its_files(
    inner: Path, below: Repository
) -> None:
    expect(inner, Kind.MISSING)
    hooks.install()
    assert hooks.problem(inner) is None
    below.write("../../website/tea/index.html", "changed\n")
    assert f"told: {inner} --one --two tea/code.py\n" in commit(inner)
    below.git("reset", "--quiet", "--hard")
    assert commit(inner, "sugar/code.py") == ""
    assert commit(inner, "../../website/index.html") == ""
    below.git("checkout", "--quiet", "main")  # where there is no configuration
    assert commit(inner) == ""


def test_below_the_top_a_changed_configuration_is_installed_again(
    inner: Path, below: Repository
) -> None:
    hooks.install()
    below.write(".pre-commit-config.yaml", TELL.replace("^tea/", "^sugar/"))
    assert "out of date" in expect(inner, Kind.MISSING).what
    assert hooks.ensure(inner) is None
    assert "told:" in commit(inner, "sugar/code.py")
    below.write(".pre-commit-config.yaml", "repos: [{}]\n")
    assert ".pre-commit-config.yaml can't be read" in expect(inner, Kind.UNCALLED).what
    with pytest.raises(DevkitError, match="can't be read"):
        hooks.install()


def test_below_the_top_worktrees_have_a_configuration_each(
    inner: Path, below: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks.install()
    below.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = tmp_path / "linked" / inner.relative_to(git.top(inner))
    assert commit(linked) == ""
    expect(linked, Kind.MISSING)
    with_tools(linked, monkeypatch)
    hooks.install()
    assert hooks.problem(linked) is None
    assert hooks.problem(inner) is None
    assert f"told: {linked} " in commit(linked)
    assert f"told: {inner} " in commit(inner)


def test_below_the_top_a_hook_that_is_there_goes_on(inner: Path, below: Repository) -> None:
    hook = git.top(inner) / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho theirs >&2\n", encoding="utf-8")
    hook.chmod(0o755)
    expect(inner, Kind.MISSING)
    assert hooks.ensure(inner) is None
    told = commit(inner)
    assert "theirs\n" in told
    assert "told:" in told


def test_the_top_s_own_configuration_has_to_run_the_checks(inner: Path, below: Repository) -> None:
    top = git.top(inner)
    below.write("../../.pre-commit-config.yaml", "repos: []\n")
    told = expect(inner, Kind.UNCALLED)
    assert f"{top}/.pre-commit-config.yaml runs none of the checks of platforms/data" in told.what
    entry = "'platforms/data [1]/.venv-tools/bin/python' 'platforms/data [1]/tasks.py' check"
    assert entry in told.fix
    with pytest.raises(DevkitError, match="runs none of the checks"):
        hooks.install()
    assert not (top / ".git/hooks/pre-commit").exists()

    below.write(
        "../../.pre-commit-config.yaml",
        f"repos: [{{repo: local, hooks: [{{id: a, name: a, language: system, entry: "
        f'"{entry}"}}]}}]\n',
    )
    below.write("tasks.py", "import sys; sys.exit('checked')")
    expect(inner, Kind.MISSING)
    assert hooks.ensure(inner) is None
    assert "checked" in commit(inner)


def test_the_hook_of_another_folder_of_the_repository_is_kept(
    inner: Path, below: Repository
) -> None:
    hooks.install()
    hook = git.top(inner) / ".git/hooks/pre-commit"
    text = hook.read_text(encoding="utf-8").replace("platforms/data [1]/", "other/")
    hook.write_text(text, encoding="utf-8")
    assert "goes by" in expect(inner, Kind.UNCALLED).what
    assert hooks.ensure(inner)
    assert hook.read_text(encoding="utf-8") == text


def test_where_the_configuration_was_there_before_only_the_kits_hooks_are_installed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "devkit/kit").mkdir(parents=True)
    record.write(Record("1", hooks="theirs"), root)
    config = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (root / hooks.KITS_OWN).write_text(config.replace("refused", "by the kit"), encoding="utf-8")
    hooks.install()
    assert hooks.problem(root) is None
    assert "by the kit" in commit(root)

"""The repository that the kit's tests run in has the sample teams, whatever this one has."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devkit.core.paths import ROOT
from devkit.registry.workspace import load_teams
from testing import linked, sandbox
from testing.repositories import REGISTRY, Repository, entry

SAMPLE_TEAMS = ["analytics_project", "ml_project"]


@pytest.fixture
def other(repository: Repository) -> Repository:
    """A repository whose teams are others than the sample's, but for one name."""
    repository.write("analytics_project/analytics_project/defs/mine.py", "# renamed\n")
    repository.write("utils/utils/mine.py", "# ours\n")
    repository.write("devkit/cli.py", "# the kit\n")
    repository.write("workspace.yaml", REGISTRY + entry("analytics_project", "analytics_project"))
    for file in (ROOT / sandbox.SAMPLE).rglob("*"):
        if file.is_file() and file.suffix != ".txt":
            text = file.read_text(encoding="utf-8")
            repository.write(str(file.relative_to(ROOT)), text)
    repository.commit()
    return repository


def test_the_tests_run_in_a_sandbox_with_the_sample_teams() -> None:
    assert sandbox.original() not in {None, ROOT}
    assert [team.location for team in load_teams(ROOT)] == SAMPLE_TEAMS


def test_a_sandbox_has_the_kit_s_files_and_no_file_of_a_team(other: Repository) -> None:
    files = sandbox.files(other.root)
    assert files["devkit/cli.py"] == other.root / "devkit/cli.py"
    assert files["workspace.yaml"] == other.root / sandbox.SAMPLE / "workspace.yaml"
    assert "ml_project/ml_project/defs/assets.py" in files
    assert "utils/utils/parquet.py" in files
    theirs = ("tea/", "teams/", "sugar/", "utils/utils/mine.py", "analytics_project/mine.py")
    assert [name for name in files if name.startswith(theirs) or name.endswith("mine.py")] == []


def test_nothing_changes_a_sandbox_that_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    digests = {"tasks.py": "1"}
    monkeypatch.setattr(sandbox, "make", lambda _, target: made.append(target))
    monkeypatch.setattr(sandbox, "_digests", lambda _: digests)
    monkeypatch.setattr(sandbox, "_record", lambda _: {"digests": {"tasks.py": "1"}})
    target = tmp_path / "sandbox"
    first = sandbox.claim(ROOT, target)
    second = sandbox.claim(ROOT, target)  # the same files: both run
    assert made == [target]
    digests["tasks.py"] = "2"
    with ThreadPoolExecutor() as pool:
        third = pool.submit(sandbox.claim, ROOT, target)
        first.close()
        with pytest.raises(TimeoutError):
            third.result(2 * sandbox.POLL_SECONDS)
        second.close()
        third.result(60).close()
    assert made == [target, target]


def test_a_copy_of_an_environment_names_its_own_folder(tmp_path: Path) -> None:
    made = made_environment(tmp_path / "made")
    linked.prepare(made, tmp_path / "copy")
    copy = tmp_path / "copy/.venv-dagit"
    assert (copy / "bin/tool").read_text(encoding="utf-8") == f"#!{copy}/bin/python\n"
    assert (copy / "lib/module.py").samefile(made / ".venv-dagit/lib/module.py")
    assert not (copy / "bin/tool").samefile(made / ".venv-dagit/bin/tool")


def test_what_is_written_through_a_link_is_found(tmp_path: Path) -> None:
    made = made_environment(tmp_path / "made")
    linked.prepare(made, tmp_path / "copy")
    before = linked.state(made)
    module = tmp_path / "copy/.venv-dagit/lib/module.py"
    module.with_name("new").write_text("replaced", encoding="utf-8")
    module.with_name("new").replace(module)
    assert linked.written_through(made, before) == []
    other = module.with_name("other.py")
    other.write_text("written in place", encoding="utf-8")
    assert linked.written_through(made, before) == [made / ".venv-dagit/lib/other.py"]


def made_environment(root: Path) -> Path:
    """A repository with a tiny environment."""
    environment = root / ".venv-dagit"
    for folder in (environment / "bin", environment / "lib", root / ".dagster_home"):
        folder.mkdir(parents=True)
    (environment / "bin/tool").write_text(f"#!{environment}/bin/python\n", encoding="utf-8")
    for name in ("module.py", "other.py"):
        (environment / "lib" / name).write_text("text\n", encoding="utf-8")
    (root / ".dagster_home/dagster.yaml").symlink_to(root)
    for folder in (root, root.with_name("copy")):
        (folder / ".git/hooks").mkdir(parents=True)
    (root / ".git/hooks/pre-commit").write_text(f"exec {root}\n", encoding="utf-8")
    return root


def test_every_module_that_starts_first_exists(request: pytest.FixtureRequest) -> None:
    conftest = next(
        plugin
        for plugin in request.config.pluginmanager.get_plugins()
        if hasattr(plugin, "LONGEST_FIRST")
    )
    missing = [name for name in conftest.LONGEST_FIRST if not (ROOT / "tests" / name).exists()]
    assert missing == []

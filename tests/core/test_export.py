"""The files of a commit in a folder of their own, from real Git repositories."""

import tempfile
from pathlib import Path

import pytest

from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.export import Files, exported
from testing.repositories import Repository
from testing.support import small_disk


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def text(files: Files, name: str) -> str:
    return (files.folder / name).read_text(encoding="utf-8")


def test_exported_files_are_those_of_the_commit(repository: Repository, scratch: Path) -> None:
    repository.write("tea/code.py", "# later\n")
    repository.write("tea/new.py")
    before = repository.git("status", "--porcelain")
    with exported("HEAD", ["tea"], repository.root) as files:
        assert text(files, "tea/code.py") == "# the code of tea\n"
        assert not (files.folder / "tea/new.py").exists()
        assert (files.folder / "workspace.yaml").is_file()
        assert not (files.folder / "tea").is_symlink()
    assert repository.git("status", "--porcelain") == before
    assert list(scratch.iterdir()) == []


def test_exported_files_are_what_is_staged(repository: Repository) -> None:
    repository.write("tea/code.py", "# staged\n")
    repository.git("add", "--all")
    repository.write("tea/code.py", "# not staged\n")
    with exported(git.staged_tree(repository.root), ["tea"], repository.root) as files:
        assert text(files, "tea/code.py") == "# staged\n"


def test_other_folders_are_not_copied_but_linked(repository: Repository) -> None:
    """A repository may have gigabytes of them, and definitions may read any."""
    repository.write("website/deep/large.bin")
    repository.write("teams/README.md")
    repository.commit()
    with exported("HEAD", ["teams/milk"], repository.root) as files:
        linked = {path.name for path in files.folder.iterdir() if path.is_symlink()}
        assert linked == {"website", "tea", "sugar"}
        assert not (files.folder / "teams/milk").is_symlink()
        assert text(files, "website/deep/large.bin") == "new\n"
    repository.git("rm", "-rq", "sugar")
    with exported("HEAD", ["tea"], repository.root) as files:
        assert list((files.folder / "sugar").iterdir()) == []
        assert (files.folder / "teams/milk/code.py").exists()
    assert not (repository.root / "sugar").exists()


def test_ignored_files_are_linked_but_no_environments(repository: Repository) -> None:
    for name in ("tea/some.log", "tea/logs/other.log", "tea/.venv-tea/x", "tea/new/third.log"):
        repository.write(name)
    repository.write("tea/new/not_ignored.py")
    with exported("HEAD", ["tea"], repository.root) as files:
        assert text(files, "tea/some.log") == "new\n"
        assert text(files, "tea/logs/other.log") == "new\n"
        assert {path.name for path in (files.folder / "tea").iterdir()} == {
            "code.py",
            "some.log",
            "logs",
        }
    assert (repository.root / "tea/logs/other.log").exists()


def test_a_submodule_is_that_of_the_work_tree(repository: Repository) -> None:
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
                   str(repository.root), "tea/inside")  # fmt: skip
    repository.commit()
    with exported("HEAD", ["tea"], repository.root) as files:
        assert text(files, "tea/inside/tea/code.py") == "# the code of tea\n"


def test_code_can_ask_git_for_its_commit(repository: Repository) -> None:
    with exported("HEAD", ["tea"], repository.root) as files:
        done = git.ask("rev-parse", "HEAD", root=files.folder / "tea")
    assert done.stdout.strip() == repository.git("rev-parse", "HEAD")


def test_below_the_top_the_folder_is_below_the_top_too(below: Repository) -> None:
    below.write("tea/code.py", "# later\n")
    below.write("some.log")
    below.write("../shared.toml")
    below.git("add", "--all")
    below.write("tea/code.py", "# not staged\n")
    tree = git.staged_tree(below.root)
    where = git.prefix(below.root)
    with exported(tree, ["tea", "teams/milk"], below.root) as files:
        assert files.root == below.root
        assert text(files, "tea/code.py") == "# later\n"
        assert text(files, "workspace.yaml").startswith("load_from:")
        assert text(files, "../shared.toml") == "new\n"
        assert text(files, "../../README.md") == "new\n"
        assert text(files, "some.log") == "new\n"
        links = {path.name for path in files.folder.rglob("*") if path.is_symlink()}
        assert links == {"sugar", "some.log"}
        assert (files.folder.parent.parent / "website").is_symlink()
        asked = git.ask("rev-parse", "HEAD", "--show-prefix", root=files.folder)
        assert asked.stdout.split("\n")[:2] == [below.git("rev-parse", "HEAD"), where]


def test_a_commit_without_the_root_gives_an_empty_folder(below: Repository) -> None:
    """Not a link to the work tree's: what is there now was not there then."""
    top = Repository(git.top(below.root))
    top.git("rm", "-rq", "--cached", "platforms")
    with exported(git.staged_tree(below.root), ["tea"], below.root) as files:
        assert list(files.folder.iterdir()) == []
        assert (files.folder.parent.parent / "website/index.html").exists()


def test_paths_and_texts_are_those_of_the_work_tree(tmp_path: Path) -> None:
    files = Files(tmp_path / "root", tmp_path / "folder")
    assert files.path(tmp_path / "root/a") == tmp_path / "folder/a"
    assert files.path(Path("/elsewhere")) == Path("/elsewhere")
    assert files.original(tmp_path / "folder/a") == tmp_path / "root/a"
    assert files.with_original_paths(f"in {tmp_path}/folder/a") == f"in {tmp_path}/root/a"
    assert Files(tmp_path, tmp_path).in_place


def test_a_full_disk_is_named(repository: Repository, scratch: Path) -> None:
    repository.write("tea/large.bin", "x" * 2_000_000)
    repository.commit()
    with (
        small_disk(scratch),
        pytest.raises(DevkitError, match="can't be unpacked") as raised,
        exported("HEAD", ["tea"], repository.root),
    ):
        pytest.fail("there was space")
    assert "TMPDIR" in str(raised.value)

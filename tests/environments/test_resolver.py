"""Resolving locks, with real resolutions from a folder of tiny packages: which pins move."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from devkit.core import filelocks, output
from devkit.core.errors import DevkitError
from devkit.environments import lockfiles, resolver
from testing import projects
from testing.projects import Projects
from testing.support import NO_NETWORK, Checkout, wheel

PROJECT = """\
[project]
name = "orchestrator"
version = "0.1.0"
requires-python = ">=3.11,<3.15"
dependencies = ["tea<3", "milk"]

[dependency-groups]
deploy = ["sugar"]
"""


@pytest.fixture
def index(tmp_path: Path) -> Mapping[str, str]:
    """The settings for a package index that has two versions of three packages."""
    for version in ("1.0", "2.0"):
        for name in ("tea", "milk", "sugar"):
            wheel(tmp_path / "wheels", name, version)
    wheel(tmp_path / "wheels", "tea", "3.0")
    settings = tmp_path / "uv.toml"
    settings.write_text(
        f'no-index = true\nfind-links = ["{tmp_path / "wheels"}"]\n', encoding="utf-8"
    )
    variables = {**NO_NETWORK, "UV_CONFIG_FILE": str(settings)}
    del variables["UV_NO_CONFIG"]
    return variables


@pytest.fixture
def old(checkout: Checkout) -> Checkout:
    """A copy whose orchestrator's locks have the oldest versions."""
    folder = checkout.root / "orchestrator"
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    local = "tea==1.0\nmilk==1.0\n"
    (folder / "local_requirements.txt").write_text(local, encoding="utf-8")
    (folder / "requirements.txt").write_text(f"{local}sugar==1.0\n", encoding="utf-8")
    return checkout


def lock(checkout: Checkout, index: Mapping[str, str], *options: str) -> str:
    """The output of `invoke lock` for the orchestrator."""
    done = checkout.tasks("lock", "--team", "orchestrator", *options, env=index)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pins(checkout: Checkout) -> tuple[dict[str, str], dict[str, str]]:
    """The pins in the orchestrator's local and deployed locks."""
    folder = checkout.root / "orchestrator"
    texts = [
        (folder / name).read_text(encoding="utf-8")
        for name in ("local_requirements.txt", "requirements.txt")
    ]
    local, deployed = map(lockfiles.pinned, texts)
    return local, deployed


def test_pins_that_fit_stay(old: Checkout, index: Mapping[str, str]) -> None:
    assert "ok      orchestrator  locked" in lock(old, index)
    local = {"tea": "1.0", "milk": "1.0"}
    assert pins(old) == (local, {**local, "sugar": "1.0"})
    assert "ok      orchestrator  up to date" in lock(old, index)


def test_upgrade_moves_every_pin_within_its_bounds(old: Checkout, index: Mapping[str, str]) -> None:
    printed = lock(old, index, "--upgrade")
    local = {"tea": "2.0", "milk": "2.0"}
    assert pins(old) == (local, {**local, "sugar": "2.0"})
    rows = [line.split() for line in printed.splitlines() if line.startswith(" orchestrator ")]
    assert rows == [
        ["orchestrator", "milk", "1.0", "2.0"],
        ["orchestrator", "sugar", "1.0", "2.0"],
        ["orchestrator", "tea", "1.0", "2.0"],
    ]


def test_a_package_moves_alone(old: Checkout, index: Mapping[str, str]) -> None:
    lock(old, index)
    lock(old, index, "--package", "Milk")
    local = {"tea": "1.0", "milk": "2.0"}
    assert pins(old) == (local, {**local, "sugar": "1.0"})


def test_a_pin_outside_new_bounds_moves_alone(old: Checkout, index: Mapping[str, str]) -> None:
    lock(old, index)
    old.edit("orchestrator/pyproject.toml", '"tea<3"', '"tea>=2,<3"')
    lock(old, index)
    local = {"tea": "2.0", "milk": "1.0"}
    assert pins(old) == (local, {**local, "sugar": "1.0"})


def test_a_package_with_a_version_for_each_python_keeps_both(
    old: Checkout, index: Mapping[str, str]
) -> None:
    """The deployed lock is resolved with the pins of the first pass, markers included."""
    both = """"milk<2 ; python_version < '3.13'", "milk>=2 ; python_version >= '3.13'\""""
    old.edit("orchestrator/pyproject.toml", '"milk"', both)
    lock(old, index)
    forked = {"tea": "1.0", "milk": "1.0, 2.0"}
    assert pins(old) == (forked, {**forked, "sugar": "1.0"})
    lock(old, index, "--package", "tea")  # with these pins as preferences
    assert pins(old) == ({**forked, "tea": "2.0"}, {**forked, "tea": "2.0", "sugar": "1.0"})


def test_a_new_project_is_locked_without_a_table_of_changes(
    old: Checkout, index: Mapping[str, str]
) -> None:
    for name in ("local_requirements.txt", "requirements.txt"):
        (old.root / "orchestrator" / name).unlink()
    printed = lock(old, index)
    assert "ok      orchestrator  locked: 3 packages" in printed
    assert "package" not in printed.replace("3 packages", "")


def test_a_lock_says_how_it_was_generated(old: Checkout, index: Mapping[str, str]) -> None:
    lock(old, index)
    for name in ("local_requirements.txt", "requirements.txt"):
        text = (old.root / "orchestrator" / name).read_text(encoding="utf-8")
        header, digest, *lines = text.splitlines()
        assert header == (
            "# Generated by `invoke lock --team orchestrator` from pyproject.toml: do not edit."
        )
        assert lockfiles.DIGEST.fullmatch(digest)
        assert not any(str(old.root) in line or os.sep in line for line in lines)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Projects:
    """A repository whose resolutions are counted and come from `resolve`."""
    return projects.make(tmp_path / "repository", monkeypatch)


def every_file(repository: Projects) -> dict[Path, bytes]:
    files = (path for path in repository.root.rglob("*") if ".dagteam" not in path.parts)
    return {path: path.read_bytes() for path in files if path.is_file()}


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("error", [KeyboardInterrupt, DevkitError("no")])
def test_an_interrupted_lock_leaves_everything_as_it_was(
    repository: Projects, monkeypatch: pytest.MonkeyPatch, after: int, error: BaseException
) -> None:
    resolved: list[str] = []

    def compiled(*_: object) -> str:
        if len(resolved) == after:
            raise error
        resolved.append("tea==1.0\n")
        return resolved[-1]

    before = every_file(repository)
    monkeypatch.setattr(resolver, "_compile", compiled)
    with pytest.raises(type(error) if isinstance(error, Exception) else KeyboardInterrupt):
        resolver._lock(repository.tea, [])
    assert every_file(repository) == before


def test_two_locks_at_once_wait_for_each_other(
    repository: Projects, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = Event()
    monkeypatch.setattr(output, "warn", lambda _: waits.set())
    monkeypatch.setattr(resolver, "_compile", lambda *_: "tea==1.0\n")
    resolver.BUSY.parent.mkdir()
    with ThreadPoolExecutor() as pool:
        with filelocks.hold(resolver.BUSY, pytest.fail):
            other = pool.submit(resolver.update, [repository.tea])
            assert waits.wait(60)
            assert not repository.tea.local.exists()
            resolver._lock(repository.tea, [])
            before = every_file(repository)
        other.result()
    assert every_file(repository) == before
    assert "up to date" in capsys.readouterr().out


def test_a_project_that_is_saved_while_it_is_resolved_keeps_its_locks(
    repository: Projects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(*_: object) -> str:
        repository.project("tea_project", '"milk"')
        return "tea==1.0\n"

    monkeypatch.setattr(resolver, "_compile", compiled)
    with pytest.raises(DevkitError, match=r"a pyproject\.toml was saved while"):
        resolver._lock(repository.tea, [])
    assert not repository.tea.local.exists()


def test_a_branch_that_moves_while_it_is_resolved_keeps_the_locks(
    repository: Projects, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = iter(range(9))
    monkeypatch.setattr(
        resolver, "_compile", lambda *_: f"tea @ git+https://a.test/tea@{next(commits)}\n"
    )
    with pytest.raises(DevkitError, match="tea changed while the locks were resolved"):
        resolver._lock(repository.tea, [])
    assert not repository.tea.local.exists()


def test_a_git_commit_without_a_hash_is_named(
    repository: Projects, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "base @ git+https://a.test/b@00\nmilk==1.0 \\\n    --hash=sha256:00\n"
    monkeypatch.setattr(resolver, "_compile", lambda *_: text)
    printed = resolver._lock(repository.tea, [])
    assert printed == "locked: 2 packages; without a hash, so not deployable: base"

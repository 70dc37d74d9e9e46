"""Fixtures of the kit's tests: registries, copies of the repository, isolated settings.

The tests run in a repository of their own: see `testing/sandbox.py`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.core import masking, output, parallel, processes
from devkit.core.paths import ROOT
from devkit.definitions import cache
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from testing import linked, sandbox
from testing.platform import ready_copy
from testing.reporting import Reporting
from testing.repositories import Repository, three_teams, three_teams_below
from testing.support import Checkout, borrow_tools, copy_repository
from testing.warm import Interpreters


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Start again in the repository of the tests."""
    if not sandbox.original():
        sandbox.enter(config.invocation_params.args, config.invocation_params.dir)


def pytest_configure(config: pytest.Config) -> None:
    """Show what fails when it fails."""
    config.pluginmanager.register(Reporting(config), "reporting")


# The modules that take long, the longest first: otherwise one core would wait for the other.
LONGEST_FIRST = [
    "dev/test_run.py",
    "scaffolding/test_new_team.py",
    "test_hooks.py",
    "test_bootstrap.py",
    "test_documentation.py",
    "dev/test_platform.py",
    "test_readme.py",
    "test_end_to_end.py",
    "commands/test_broken_team.py",
    "dev/test_debugger.py",
    "environments/test_lockfiles.py",
    "scaffolding/test_transaction.py",
    "definitions/test_loading.py",
    "environments/test_resolver.py",
    "generated/test_dist.py",
    "environments/test_venvs.py",
    "dev/test_home.py",
    "doctor/test_clean.py",
]

INSTALLED = pytest.StashKey[dict[Path, linked.Found]]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """With several workers, remember the installed files that copies of the repository link to."""
    if session.config.getoption("numprocesses", None):
        session.config.stash[INSTALLED] = linked.state(ROOT)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if a test has changed them in place, and build them again the next time."""
    before = session.config.stash.get(INSTALLED, None)
    if changed := linked.written_through(ROOT, before or {}):
        sandbox.discard(ROOT)
        names = ", ".join(str(path.relative_to(ROOT)) for path in changed)
        pytest.exit(f"a test wrote through links, also into uv's cache: {names}", 1)


@pytest.fixture(autouse=True)
def _isolated_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the developer's DAGSTER_HOME and manifests, and other tests' consoles, out of a test."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "manifests")
    monkeypatch.setattr(output, "_to_stderr", False)
    monkeypatch.setattr(output, "_verbose", False)
    monkeypatch.setattr(parallel, "_jobs", 0)
    monkeypatch.setattr(masking, "_hidden", set())
    for cached in (output.console, masking._pattern):
        cached.cache_clear()
    yield
    for cached in (output.console, masking._pattern):
        cached.cache_clear()


@pytest.fixture(scope="session")
def teams() -> dict[str, Team]:
    """The teams of this repository by short name."""
    return {team.name: team for team in load_teams(ROOT)}


@pytest.fixture(scope="session")
def interpreters() -> Iterator[Interpreters]:
    """Interpreters that have imported Dagster already."""
    started = Interpreters()
    yield started
    started.close()


@pytest.fixture(scope="module")
def warm(interpreters: Interpreters) -> Iterator[None]:
    """Load definitions in interpreters that have imported Dagster already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "run", interpreters.run)
        yield


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of this repository with its tools; a test may change all but the tools' lock."""
    copy = copy_repository(tmp_path / "checkout")
    borrow_tools(copy)
    return copy


@pytest.fixture
def light_checkout(checkout: Checkout) -> Checkout:
    """A copy whose environments are empty, and so are built at once."""
    checkout.empty_locks()
    return checkout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of this repository, ready to run, that the tests of a module share."""
    return ready_copy(tmp_path_factory.mktemp("dev") / "checkout")


@pytest.fixture
def isolated_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's Git settings, and a hook's variables, out of a test."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in sandbox.GIT_SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repository(tmp_path: Path, isolated_git: None) -> Repository:
    """Three teams, one of them in a nested folder, on a branch from main."""
    return three_teams(tmp_path / "checkout")


@pytest.fixture
def below(tmp_path: Path, isolated_git: None) -> Repository:
    """The same in a folder below the top of the checkout."""
    return three_teams_below(tmp_path / "checkout")


# What the tests of a module share and change: a copy of the repository, a running platform.
STORIES = {"clone", "copy", "deployed", "first_calls", "host", "installed", "made", "prepared"}
# Fixtures of tests that take long: they copy the repository, run platforms or build environments.
SLOW = STORIES | {
    "bare",
    "begun",
    "built",
    "checkout",
    "examples",
    "light_checkout",
    "other_invoke",
}

RARE = {"find_python", "small_disk"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test by what it uses, so that no mark is forgotten."""
    if SLOW.intersection(getattr(item, "fixturenames", ())) or _module(item) in LONGEST_FIRST:
        item.add_marker("slow")
    if _is_rare(item):
        item.add_marker("rare")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After pytest-randomly: stories keep their order, and the longest modules start first."""
    stories: dict[str, list[int]] = {}
    for position, item in enumerate(items):
        if STORIES.intersection(getattr(item, "fixturenames", ())):
            stories.setdefault(_module(item), []).append(position)
    for positions in stories.values():
        in_order = sorted((items[position] for position in positions), key=_line)
        for position, item in zip(positions, in_order, strict=True):
            items[position] = item
    items.sort(key=_turn)


def _is_rare(item: pytest.Item) -> bool:
    """Whether a test is skipped by other users than root, or without another Python."""
    code = getattr(getattr(item, "function", None), "__code__", None)
    used = set(code.co_names) if code else set()
    return bool(used & RARE) or item.get_closest_marker("skipif") is not None


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0].removeprefix("tests/")


def _turn(item: pytest.Item) -> int:
    """The place of a test's module in LONGEST_FIRST; the others follow."""
    module = _module(item)
    return LONGEST_FIRST.index(module) if module in LONGEST_FIRST else len(LONGEST_FIRST)


def _line(item: pytest.Item) -> tuple[int, str]:
    return (item.location[1] or 0, item.name)

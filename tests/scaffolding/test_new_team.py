"""A team's whole life: created while the platform runs, tested, committed, removed.

The commands are those of docs/platform-engineer.md, with an unused name.
"""

import json
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from testing.platform import ALL_LOADED, Dev, descriptions, dev, known, prepared_home, until
from testing.support import NO_NETWORK, Checkout, base_python, run, started

AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
NEWCOMER = "newcomer_project"
CONSUMER = f"{NEWCOMER}/{NEWCOMER}/defs/reads_penguins.py"


def git(checkout: Checkout, *arguments: str) -> str:
    """The output of a Git command, which must succeed, with its hooks."""
    env = {"PRE_COMMIT_HOME": str(checkout.root.parent / "pre-commit")}
    done = run(["git", *AUTHOR, *arguments], checkout.root, env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def state(checkout: Checkout) -> dict[str, bytes]:
    """Every file that Git does not ignore, and the folders of teams."""
    names = git(checkout, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    files = {name: checkout.root / name for name in filter(None, names)}
    found = {name: file.read_bytes() for name, file in files.items() if file.is_file()}
    return {**found, **{folder.name: b"" for folder in checkout.root.glob("*_project")}}


def cached(checkout: Checkout) -> list[Path]:
    """The kit's cached files of the new team, which Git ignores."""
    return [*checkout.root.glob(".dagteam/manifests/newcomer*")]


def succeed(checkout: Checkout, *arguments: str) -> str:
    """The output of a command, which must succeed."""
    done = checkout.tasks(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(checkout: Checkout, *arguments: str, env: dict[str, str] | None = None) -> str:
    """The output of a command, which must fail without a traceback and change nothing."""
    before = state(checkout)
    done = checkout.tasks(*arguments, env=env)
    shown = done.stdout + done.stderr
    assert done.returncode == 1, shown
    assert "Traceback" not in shown
    assert state(checkout) == before
    return shown


@contextmanager
def silent_index() -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A package index that accepts connections and never answers, and the settings to use it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        yield server, {**NO_NETWORK, "UV_DEFAULT_INDEX": address}


@contextmanager
def locking(checkout: Checkout) -> Iterator[psutil.Process]:
    """An `invoke new-team newcomer` that is waiting for a package index."""
    argv = [base_python(), "tasks.py", "new-team", "newcomer"]
    with silent_index() as (server, env), started(argv, checkout.root, env) as process:
        server.settimeout(60)
        with server.accept()[0]:
            running = psutil.Process(process.pid)
            children = running.children(recursive=True)
            try:
                yield running
            finally:
                for child in children:
                    with suppress(psutil.NoSuchProcess):
                        child.kill()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Finance-Team",), "fix:      invoke new-team finance_team"),
        (("ml",), "there is a team of that name"),
        (
            ("newcomer", "--upstream", "pinguins"),
            "no team produces an asset 'pinguins'; did you mean",
        ),
    ],
)
def test_new_team_refuses_bad_arguments_before_it_writes_anything(
    copy: Checkout, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(copy, "new-team", *arguments)


def test_new_team_leaves_an_existing_folder_alone(copy: Checkout) -> None:
    (copy.root / NEWCOMER).mkdir()
    (copy.root / NEWCOMER / "notes.txt").write_text("mine\n", encoding="utf-8")
    assert f"the repository already has {NEWCOMER}" in refused(copy, "new-team", "newcomer")
    shutil.rmtree(copy.root / NEWCOMER)


def test_new_team_without_a_network_leaves_nothing(copy: Checkout) -> None:
    shown = refused(copy, "new-team", "newcomer", env=NO_NETWORK)
    assert "No network: the package index can't be reached." in shown
    assert "Rolled back: team newcomer was not created." in shown


def test_a_late_failure_is_rolled_back_completely(copy: Checkout) -> None:
    """By then, the registry has the team, and most generated files are written."""
    file = copy.root / ".vscode/tasks.json"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    file.mkdir()
    try:
        assert "newcomer can't be created" in refused(copy, "new-team", "newcomer")
    finally:
        file.rmdir()
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_new_team_leaves_nothing(
    copy: Checkout, sign: signal.Signals, code: int
) -> None:
    before = state(copy)
    with locking(copy) as process:
        assert (copy.root / NEWCOMER / "pyproject.toml").exists()
        process.send_signal(sign)
        assert process.wait(30) == code
    assert state(copy) == before
    assert cached(copy) == []


def test_a_killed_new_team_is_reported_and_remove_team_removes_its_folder(
    copy: Checkout,
) -> None:
    before = state(copy)
    with locking(copy) as process:
        others = copy.tasks("new-team", "sales")
        assert "is running (newcomer_project)" in others.stderr
        process.kill()
        process.wait(30)
    for name in ("sales", "newcomer"):
        shown = refused(copy, "new-team", name)
        assert (
            f"{NEWCOMER}/ is incomplete: an `invoke new-team` or `remove-team` was killed" in shown
        )
        assert "fix:      invoke remove-team newcomer" in shown
    assert succeed(copy, "teams").count("newcomer") == 0
    succeed(copy, "remove-team", "newcomer")
    assert state(copy) == before


def test_a_team_s_whole_life(copy: Checkout, tmp_path: Path) -> None:
    before = state(copy)
    first = git(copy, "rev-parse", "HEAD").strip()
    with dev(prepared_home(copy, tmp_path / "home"), root=copy.root) as platform:
        platform.wait_for(ALL_LOADED)
        _is_made(copy, platform)
        platform.stop()  # that a location which goes leaves the UI: see dev/test_run.py
    _is_known_to_everything(copy)
    git(copy, "add", "--all")
    git(copy, "commit", "--message", "newcomer")  # with every hook
    _is_removed(copy)
    assert state(copy) == before
    assert cached(copy) == []
    git(copy, "reset", "--quiet", "--hard", first)


def _is_made(copy: Checkout, platform: Dev) -> None:
    shown = succeed(copy, "new-team", "newcomer", "--upstream", "penguins")
    assert re.search(r"locked: \d+ packages", shown)
    assert "pyarrow" not in shown  # nor any other package
    until(lambda: NEWCOMER in known(platform), 60, "the webserver knows the new location")
    until(lambda: f"{NEWCOMER}/newcomer_penguins" in descriptions(platform), 60, "its assets")
    wanted = {
        f"{NEWCOMER}/newcomer_example",
        f"{NEWCOMER}/newcomer_penguins",
        f"{NEWCOMER}/penguins",
    }
    assert wanted <= descriptions(platform).keys()


def _is_known_to_everything(copy: Checkout) -> None:
    assert " passed" in succeed(copy, "test", "--team", "newcomer")
    checked = json.loads(succeed(copy, "check", "--json"))
    (team,) = (one for one in checked["teams"] if one["team"] == "newcomer")
    assert (checked["ok"], team["loaded"], checked["findings"]) == (True, False, [])
    succeed(copy, "derive", "--check")
    succeed(copy, "lock", "--check")
    assert "newcomer" in json.loads(succeed(copy, "affected", "--base", "HEAD", "--json"))["teams"]
    for file in ("dagteam.code-workspace", ".vscode/tasks.json", "docs/lineage.md"):
        assert "newcomer" in (copy.root / file).read_text(encoding="utf-8"), file
    # The columns are a contract: newcomer needs one that analytics does not produce.
    text = (copy.root / CONSUMER).read_text(encoding="utf-8")
    copy.edit(CONSUMER, '"island"', '"isle"')
    assert "newcomer needs the column isle of penguins" in copy.tasks("check").stdout
    (copy.root / CONSUMER).write_text(text, encoding="utf-8")


def _is_removed(copy: Checkout) -> None:
    shown = refused(copy, "remove-team", "analytics", "--yes")
    assert "cannot remove analytics" in shown
    assert "ml depends on penguins" in shown
    assert "newcomer depends on penguins" in shown
    (copy.root / NEWCOMER / ".env").write_text("TOKEN=secret\n", encoding="utf-8")
    copy.edit(CONSUMER, "The number of rows", "Rows")
    shown = refused(copy, "remove-team", "newcomer")
    assert f"{NEWCOMER}/ has uncommitted or ignored files: " in shown
    assert f"{NEWCOMER}/.env" in shown
    assert CONSUMER in shown
    assert "deleted: " in succeed(copy, "remove-team", "newcomer", "--yes")
    succeed(copy, "derive", "--check")

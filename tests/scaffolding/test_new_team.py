"""A team's whole life, for real: made while the platform runs, tested, committed, removed.

The commands are those of docs/platform-engineer.md, with a name that no team has.
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

from testing.platform import ALL_LOADED, Dev, descriptions, dev, known, until
from testing.support import NO_NETWORK, Checkout, base_python, run, started

AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
NEWCOMER = "newcomer_project"
READER = f"{NEWCOMER}/{NEWCOMER}/defs/reads_penguins.py"


def git(checkout: Checkout, *arguments: str) -> str:
    """What a git command that has to work says, of hooks as well."""
    env = {"PRE_COMMIT_HOME": str(checkout.root.parent / "pre-commit")}
    done = run(["git", *AUTHOR, *arguments], checkout.root, env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def state(checkout: Checkout) -> dict[str, bytes]:
    """Every file that git does not ignore, and the folders of teams."""
    names = git(checkout, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    files = {name: checkout.root / name for name in filter(None, names)}
    found = {name: file.read_bytes() for name, file in files.items() if file.is_file()}
    return {**found, **{folder.name: b"" for folder in checkout.root.glob("*_project")}}


def kept(checkout: Checkout) -> list[Path]:
    """What the kit keeps of the new team besides, where git does not look."""
    return [*checkout.root.glob(".dagteam/*/newcomer*")]


def succeed(checkout: Checkout, *arguments: str) -> str:
    """What a command says that has to work."""
    done = checkout.tasks(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(checkout: Checkout, *arguments: str, env: dict[str, str] | None = None) -> str:
    """What a command says that has to change nothing and say so without a traceback."""
    before = state(checkout)
    done = checkout.tasks(*arguments, env=env)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert state(checkout) == before
    return said


@contextmanager
def silent_index() -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A package index that takes connections and never answers, and the settings to use it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        yield server, {**NO_NETWORK, "UV_DEFAULT_INDEX": address}


@contextmanager
def locking(checkout: Checkout) -> Iterator[psutil.Process]:
    """An `invoke new-team newcomer` that is half-way: it waits for a package index."""
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
    ("arguments", "said"),
    [
        (("Finance-Team",), "fix:      invoke new-team finance_team"),
        (("ml",), "there is a team of that name"),
        (("newcomer", "--upstream", "pinguins"), "no team produces an asset 'pinguins'; did you"),
    ],
)
def test_what_is_refused_is_refused_before_anything_is_made(
    copy: Checkout, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(copy, "new-team", *arguments)


def test_a_folder_that_is_there_is_left_alone(copy: Checkout) -> None:
    (copy.root / NEWCOMER).mkdir()
    (copy.root / NEWCOMER / "notes.txt").write_text("mine\n")
    assert f"the repository has a {NEWCOMER} of its own" in refused(copy, "new-team", "newcomer")
    shutil.rmtree(copy.root / NEWCOMER)


def test_without_a_network_nothing_is_left(copy: Checkout) -> None:
    said = refused(copy, "new-team", "newcomer", env=NO_NETWORK)
    assert "No network: the package index can't be reached." in said
    assert "Rolled back: team newcomer was not created." in said


def test_what_fails_last_undoes_what_came_first(copy: Checkout) -> None:
    """The registry has the team by then, and most of what is generated from it is written."""
    file = copy.root / ".vscode/tasks.json"
    text = file.read_text()
    file.unlink()
    file.mkdir()
    try:
        assert "newcomer can't be created" in refused(copy, "new-team", "newcomer")
    finally:
        file.rmdir()
        file.write_text(text)


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_leaves_nothing(copy: Checkout, sign: signal.Signals, code: int) -> None:
    before = state(copy)
    with locking(copy) as process:
        assert (copy.root / NEWCOMER / "pyproject.toml").exists()
        process.send_signal(sign)
        assert process.wait(30) == code
    assert state(copy) == before
    assert kept(copy) == []


def test_killed_it_leaves_what_the_next_one_names_and_remove_team_takes_away(
    copy: Checkout,
) -> None:
    before = state(copy)
    with locking(copy) as process:
        others = copy.tasks("new-team", "sales")
        assert "is running (newcomer_project)" in others.stderr
        process.kill()
        process.wait(30)
    for name in ("sales", "newcomer"):
        said = refused(copy, "new-team", name)
        assert (
            f"{NEWCOMER}/ is incomplete: an `invoke new-team` or `remove-team` was killed" in said
        )
        assert "fix:      invoke remove-team newcomer" in said
    assert succeed(copy, "teams").count("newcomer") == 0
    succeed(copy, "remove-team", "newcomer")
    assert state(copy) == before


def test_a_team_s_whole_life(copy: Checkout, tmp_path: Path) -> None:
    before = state(copy)
    first = git(copy, "rev-parse", "HEAD").strip()
    with dev(tmp_path / "home", root=copy.root) as platform:
        platform.wait_for(ALL_LOADED)
        _is_made(copy, platform)
        _is_known_to_everything(copy)
        git(copy, "add", "--all")
        git(copy, "commit", "--message", "newcomer")  # with every hook
        _is_removed(copy, platform)
    assert state(copy) == before
    assert kept(copy) == []
    git(copy, "reset", "--quiet", "--hard", first)


def _is_made(copy: Checkout, platform: Dev) -> None:
    said = succeed(copy, "new-team", "newcomer", "--upstream", "penguins")
    assert re.search(r"locked: \d+ packages", said)
    assert "pyarrow" not in said  # nor any other of them
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
        assert "newcomer" in (copy.root / file).read_text(), file
    # The columns are a contract: what analytics takes away, newcomer misses.
    text = (copy.root / READER).read_text()
    copy.edit(READER, '"island"', '"isle"')
    assert "newcomer needs the column isle of penguins" in copy.tasks("check").stdout
    (copy.root / READER).write_text(text)


def _is_removed(copy: Checkout, platform: Dev) -> None:
    said = refused(copy, "remove-team", "analytics", "--yes")
    assert "cannot remove analytics" in said
    assert "ml depends on penguins" in said
    assert "newcomer depends on penguins" in said
    (copy.root / NEWCOMER / ".env").write_text("TOKEN=secret\n")
    copy.edit(READER, "How many there are", "How many")
    said = refused(copy, "remove-team", "newcomer")
    assert f"{NEWCOMER}/ has uncommitted or ignored files: " in said
    assert f"{NEWCOMER}/.env" in said
    assert READER in said
    assert "deleted: " in succeed(copy, "remove-team", "newcomer", "--yes")
    succeed(copy, "derive", "--check")
    until(lambda: NEWCOMER not in known(platform), 60, "the webserver forgets the location")

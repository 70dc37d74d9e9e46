"""The repository that the kit's tests run in: the kit's files, with the teams of `testing/sample`.

So no test depends on which teams this repository has. It is kept in `.dagteam/sandbox`, with built
environments and compiled bytecode, and pytest starts again in there: see `tests/conftest.py`.

    .venv-tools/bin/python -m testing.sandbox prepare
    .venv-tools/bin/python -m testing.sandbox lock

The first brings it up to date before the tests do. The second locks the sample teams' dependencies,
after a change of their pyproject.toml.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from devkit.core import filelocks, parallel, stamps
from devkit.core.environ import clean_environment
from devkit.core.paths import REGISTRY, ROOT, SHARED, STATE, TOOLS, TOOLS_LOCK
from devkit.registry.workspace import load_teams
from testing import linked

SAMPLE = Path("testing/sample")
FOLDER = STATE / "sandbox"
RECORD = Path(".dagteam/sandbox.json")  # in the sandbox: its original, and the digests of its files
POLL_SECONDS = 0.2
LOCKS = "*_project/*requirements.txt"

# Git without the user's settings or the system's.
GIT_SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@localhost",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@localhost",
}

# The locks of the sample teams record the digest of what they were made from, in the form of the
# kit that made them. The pins hold for this kit, too.
RENEW_DIGESTS = """
from devkit.core.paths import ROOT
from devkit.environments import lockfiles
from devkit.environments.project import team_project
from devkit.registry.workspace import load_teams
from testing import linked

for project in map(team_project, load_teams(ROOT)):
    for lock in project.locks:
        text = lock.read_text(encoding="utf-8")
        line = f"# inputs: sha256:{lockfiles.inputs_digest(project)}"
        lock.write_text(lockfiles.DIGEST.sub(line, text), encoding="utf-8")
"""

# What a platform imports, so that no test has to compile it.
WARM = {
    ".venv-dagit": "import dagster_webserver.cli, dagster._daemon.cli, dagster._cli.instance",
    "analytics_project/.venv-analytics": "import dagster._grpc.server, dagster._cli, pandas",
    "ml_project/.venv-mlproject": "import dagster._grpc.server, dagster._cli, pandas",
}


def original(root: Path = ROOT) -> Path | None:
    """The repository that this sandbox was made from; None if it is none."""
    found = _record(root).get("original")
    return Path(found) if found else None


def enter(arguments: Sequence[str], folder: Path) -> None:
    """Run pytest with the same arguments in the sandbox, instead of this process."""
    lock = claim(ROOT, FOLDER)
    os.set_inheritable(lock.fileno(), True)
    inside = FOLDER / folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else FOLDER
    os.chdir(inside)
    moved = [argument.replace(f"{ROOT}/", f"{FOLDER}/") for argument in arguments]
    python = FOLDER / ".venv-tools/bin/python"
    os.execve(python, [str(python), "-P", "-m", "pytest", *moved], dict(os.environ))  # noqa: S606


def claim(root: Path, target: Path) -> IO[str]:
    """Bring the sandbox up to date; nobody changes it while the file that this returns is open.

    Waits until no other run of the tests uses it, unless it is up to date.
    """
    target.mkdir(parents=True, exist_ok=True)
    lock = target.with_name(f"{target.name}.lock").open("a", encoding="utf-8")
    alone = filelocks.try_lock(lock)
    if not alone and _record(target).get("digests") != _digests(root):
        sys.stderr.write(f"waiting: another run of the tests uses {target} ...\n")
        while not (alone := filelocks.try_lock(lock)):
            time.sleep(POLL_SECONDS)
    if alone:
        make(root, target)
    while not filelocks.try_lock(lock, shared=True):
        time.sleep(POLL_SECONDS)
    return lock


def make(root: Path, target: Path) -> None:
    """Make the sandbox, or bring it up to date with a repository."""
    if not (target / ".git").is_dir():
        _git(target, "init", "--quiet", "--initial-branch", "main")
    elif _record(target):  # undo what a test has left
        _git(target, "reset", "--quiet", "--hard")
        _git(target, "clean", "--quiet", "-d", "--force")
    digests = _digests(root)
    changed = _copy(root, target, digests)
    link_tools(target)
    if [name for name in changed if not name.startswith(("tests/", "testing/"))]:
        _prepare(target)
    if changed:
        _git(target, "add", "--all")
        _git(target, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", "sample")
    record = {"original": str(root), "digests": digests}
    (target / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def inherit(root: Path, target: Path) -> None:
    """Have pytest run in a copy of the sandbox as in the sandbox itself."""
    (target / RECORD).parent.mkdir(exist_ok=True)
    shutil.copy2(root / RECORD, target / RECORD)


def discard(target: Path) -> None:
    """Have the sandbox made from scratch the next time."""
    (target / RECORD).unlink(missing_ok=True)
    for environment in linked.environments(target):
        shutil.rmtree(environment)


def files(root: Path) -> dict[str, Path]:
    """The files of the sandbox by name: what Git does not ignore, with the sample teams."""
    listed = _git(root, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    theirs = [team.directory.relative_to(root) for team in load_teams(root)]
    replaced = (REGISTRY.relative_to(ROOT), SHARED.relative_to(ROOT), *theirs)
    own = [
        name
        for name in filter(None, listed)
        if (root / name).is_file() and not any(Path(name).is_relative_to(one) for one in replaced)
    ]
    sample = {
        name.removeprefix(f"{SAMPLE}/"): root / name
        for name in own
        if Path(name).is_relative_to(SAMPLE) and Path(name).parent != SAMPLE
    }
    registry = {REGISTRY.name: root / SAMPLE / REGISTRY.name}
    return {**{name: root / name for name in own}, **sample, **registry}


def link_tools(target: Path) -> None:
    """Link this repository's tools into a copy, with a stamp of its own, instead of building them.

    Only for tests that do not change the tools' lock: a refresh would write through the links.
    """
    tools = target / ".venv-tools"
    tools.mkdir(exist_ok=True)
    for name in ("bin", "lib"):
        (tools / name).unlink(missing_ok=True)
        (tools / name).symlink_to((TOOLS / name).resolve())
    shutil.copy2(TOOLS / "pyvenv.cfg", tools)
    lock = target / TOOLS_LOCK.relative_to(ROOT)
    python = os.path.realpath(tools / "bin/python")
    parts = {"lock": stamps.digest([lock]), "path": str(tools), "python": python}
    stamps.write(tools / ".stamp", parts)


def copy(root: Path, target: Path) -> None:
    """Copy the files of a sandbox into a new repository with tools, in which nothing is built."""
    target.mkdir()
    _git(target, "init", "--quiet")
    _copy(root, target, dict.fromkeys(files(root), ""))
    link_tools(target)


def renew_digests(target: Path) -> None:
    """Have the teams' locks fit their projects."""
    _run(target, [target / ".venv-tools/bin/python", "-c", RENEW_DIGESTS])


def lock_sample() -> None:
    """Lock the dependencies of the sample teams, and take over the locks."""
    with tempfile.TemporaryDirectory(prefix="dt-") as scratch:
        target = Path(scratch) / "sandbox"
        copy(ROOT, target)
        _tasks(target, "lock", "--team", ",".join(team.name for team in load_teams(target)))
        for file in target.glob(LOCKS):
            shutil.copy2(file, ROOT / SAMPLE / file.relative_to(target))


def _copy(root: Path, target: Path, digests: Mapping[str, str]) -> list[str]:
    """Copy what has changed since the last time, remove what is gone; returns the names."""
    before: dict[str, str] = _record(target).get("digests", {})
    sources = files(root)
    changed = [name for name, digest in digests.items() if before.get(name) != digest]
    for name in changed:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(sources[name], target / name)
    gone = [name for name in before if name not in digests]
    for name in gone:
        (target / name).unlink(missing_ok=True)
    return [*changed, *gone]


def _prepare(target: Path) -> None:
    """Build the environments, generate what depends on the teams, and compile what is imported."""
    sys.stderr.write("preparing the repository of the kit's tests ...\n")
    renew_digests(target)
    for arguments in (
        ("setup",),
        ("derive",),
        ("lineage", "--output", "docs/lineage.md"),
    ):
        _tasks(target, *arguments)
    parallel.gather(
        lambda one: _run(target, [target / one / "bin/python", "-c", WARM[one]]), [*WARM]
    )


def _tasks(target: Path, *arguments: str) -> None:
    _run(target, [target / ".venv-tools/bin/python", "tasks.py", *arguments])


def _git(folder: Path, *arguments: str) -> str:
    return _run(folder, ["git", *arguments])


def _run(folder: Path, argv: Sequence[str | Path]) -> str:
    done = subprocess.run(
        [str(part) for part in argv], cwd=folder, env=_environment(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"the kit's tests can't be prepared in {folder}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment() -> Mapping[str, str]:
    """The variables of this process, without those that would change what is made."""
    unset = ("GIT_", "DAGSTER_HOME", "PYTHONDONTWRITEBYTECODE", "COV_", "PYTEST_")
    inherited = clean_environment().items()
    return {name: text for name, text in inherited if not name.startswith(unset)} | GIT_SETTINGS


def _record(root: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((root / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _digests(root: Path) -> dict[str, str]:
    return {name: _digest(file) for name, file in files(root).items()}


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes() + bytes(file.stat().st_mode & 0o111)).hexdigest()


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        if not original():
            claim(ROOT, FOLDER).close()
        sys.stdout.write("up to date\n")
    elif sys.argv[1:] == ["lock"]:
        lock_sample()
    else:
        sys.exit(__doc__)

"""Virtual environments: what each is made from, whether it still is that, how it is made.

An environment is stamped when it is whole. Whether it is up to date is read off the stamp,
without starting a resolver or the environment's Python; so nothing to do costs nothing.
"""

import fcntl
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from devkit import interpreters, parallel, processes
from devkit.bootstrap import ROOT, TOOLS, clean_environment
from devkit.errors import DevkitError
from devkit.failures import explain
from devkit.workspace import Team

STAMP = ".stamp"
SHARED = ROOT / "utils"

# Why an environment is built anew, by the part of its stamp that differs.
REASONS = {
    "path": "it was made in another folder",
    "config": "it was made by something else",
    "python": "it was made by another Python",
    "lock": "its lock changed",
    "projects": "a pyproject.toml changed",
}


@dataclass(frozen=True)
class Environment:
    """One virtual environment: where it is, and what decides its content.

    `projects` are the folders that it holds in editable form, or whose pyproject.toml says
    which Python it needs; the first is the room that it belongs to.
    """

    name: str
    path: Path
    lock: Path
    projects: tuple[Path, ...]

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.path / "bin" / "python"


def team_environment(team: Team) -> Environment:
    """The environment of one team, with the shared package in it."""
    return Environment(
        name=team.name,
        path=team.environment,
        lock=team.directory / "local_requirements.txt",
        projects=(team.directory, SHARED),
    )


def orchestrator_environment() -> Environment:
    """The environment of webserver and daemon: nothing of any team."""
    room = ROOT / "orchestrator"
    return Environment(
        "orchestrator", ROOT / ".venv-dagit", room / "local_requirements.txt", (room,)
    )


def every_environment(teams: Iterable[Team]) -> list[Environment]:
    """The orchestrator's environment and each team's."""
    return [orchestrator_environment(), *(team_environment(team) for team in teams)]


@dataclass(frozen=True)
class Stamp:
    """What an environment was made from: paths as text, files as SHA-256 digests."""

    path: str
    config: str
    python: str
    lock: str
    projects: str


def stale(environment: Environment) -> str | None:
    """Why the environment has to be built; None if it is up to date."""
    if not environment.path.exists():
        return "it was not there"
    if not environment.python.exists():
        return "its Python is gone"
    try:
        found = json.loads((environment.path / STAMP).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return "it was never finished"
    for part, wanted in asdict(_stamp(environment)).items():
        if found.get(part) != wanted:
            return REASONS[part]
    return None


def build(environment: Environment) -> str:
    """Make the environment what its lock says, and say why; nothing if it is that already.

    Raises:
        DevkitError: if it can't be built. It has no stamp then, so the next call tries again.
    """
    with _told(environment), alone(environment) as lock:
        reason = stale(environment)
        if reason is None:
            return "up to date"
        _require_lock(environment)
        stamp = environment.path / STAMP
        stamp.unlink(missing_ok=True)
        project = environment.projects[0]
        admitted = interpreters.is_admitted(environment.path, project)
        if reason not in (REASONS["lock"], REASONS["projects"]) or not admitted:
            uv(environment, "venv", "--quiet", "--clear", "--no-project", "--prompt",
               environment.name, "--python", interpreters.base(project), str(environment.path),
               keep=[lock])  # fmt: skip
        uv(environment, "pip", "sync", "--quiet", "--python", str(environment.python),
           str(environment.lock), keep=[lock])  # fmt: skip
        stamp.write_text(json.dumps(asdict(_stamp(environment)), indent=1))
        return f"built: {reason}"


def ensure(environments: Iterable[Environment]) -> list[parallel.Outcome]:
    """Build those that have to be, side by side; silent if there are none.

    Returns the outcomes of what was built; `parallel.require` makes failures final.
    """
    units = {
        environment.name: partial(build, environment)
        for environment in environments
        if stale(environment)
    }
    return parallel.run("building environments", units) if units else []


def unbuilt(teams: Sequence[Team]) -> set[str]:
    """Build what is stale of the orchestrator and these teams; the teams that can't be built.

    Raises:
        DevkitError: if the orchestrator's can't.
    """
    failed = {one.name for one in ensure(every_environment(teams)) if not one.ok}
    hosts = orchestrator_environment().name
    if hosts in failed:
        raise DevkitError(f"the environment of {hosts} can't be built", mend="invoke setup")
    return failed


def uv(environment: Environment, *arguments: str, keep: Sequence[int] = ()) -> processes.Finished:
    """Run uv, from the tools' environment, in the repository's root; `keep` as in `processes`.

    Raises:
        DevkitError: if it fails, with one sentence if the cause is known, else its words.
    """
    done = processes.run(
        [TOOLS / "bin" / "uv", *arguments], cwd=ROOT, env=clean_environment(), keep=keep
    )
    if done.code:
        raise DevkitError(
            f"the environment of {environment.name} can't be built\n"
            + (explain(done.text) or done.text)
        )
    return done


def conflicts(environment: Environment) -> str | None:
    """What does not fit together in an environment, in uv's words; None if all does."""
    argv: list[str | Path] = [TOOLS / "bin" / "uv", "pip", "check", "--python", environment.python]
    done = processes.run(argv, cwd=ROOT, env=clean_environment())
    return done.text if done.code else None


def _stamp(environment: Environment) -> Stamp:
    """What the stamp should say now."""
    config = environment.path / "pyvenv.cfg"
    return Stamp(
        path=str(environment.path),
        config=_digest([config]),
        python=f"{sys.version_info.major}.{sys.version_info.minor} {sys.base_prefix}",
        lock=_digest([environment.lock]),
        projects=_digest(folder / "pyproject.toml" for folder in environment.projects),
    )


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() if file.exists() else b"-")
    return digest.hexdigest()


def _require_lock(environment: Environment) -> None:
    if not environment.lock.exists():
        raise DevkitError(
            f"the environment of {environment.name} has no lock",
            expected=str(environment.lock.relative_to(ROOT)),
            mend=f"invoke lock --team {environment.name}",
        )


@contextmanager
def alone(environment: Environment) -> Iterator[int]:
    """Keep other processes from building the same environment at the same time.

    Yields the lock's file descriptor, for the programs that build: if this process is killed
    they go on for a while, and nobody may build in between.
    """
    with Path(f"{environment.path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


@contextmanager
def _told(environment: Environment) -> Iterator[None]:
    """Name the environment when the machine says no: a full disk, a folder of somebody else."""
    try:
        yield
    except OSError as error:
        raise DevkitError(
            f"the environment of {environment.name} can't be built\n"
            + (explain(str(error)) or str(error))
        ) from None

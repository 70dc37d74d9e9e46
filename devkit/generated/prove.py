"""Proves that what is built works: loads each folder of dist/ as its image does.

A copy of the folder, outside of the repository, is loaded with the image's version of Python, and
with what the deployed lock pins; the variables are those of the team's `.env`. It has to define
what the team's own files define in the team's own environment.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devkit.contracts import reports
from devkit.core import parallel
from devkit.core.environ import clean_environment
from devkit.core.export import Files
from devkit.core.parallel import Outcome
from devkit.core.paths import DEPLOYED_LOCK
from devkit.core.wording import counted
from devkit.definitions import cache, loading, relocated
from devkit.definitions.differences import differences
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import interpreters, proofs, variables, venvs
from devkit.generated import metadata, missing
from devkit.registry.team import Team

# What an image may have of a shell's variables: where things are on this machine, and the language.
MACHINE = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
# What an image never has of them.
NEVER = ("PYTHON", "DAGSTER_HOME", "DAGSTER_IS_DEV_CLI", "DAGTEAM_", "VIRTUAL_ENV", "CONDA", "UV_")


@dataclass(frozen=True)
class Proof:
    """What a team's folder in dist/ was loaded with, and what was found in it.

    `borrowed` are the variables of this shell without which it does not load; `python` is the
    version that it was loaded with, and `images` that of the image.
    """

    found: Manifest | Failure
    python: str
    images: str
    borrowed: tuple[str, ...] = ()


def prove(teams: Sequence[Team]) -> list[Outcome]:
    """Prove the folders in dist/ of these teams side by side, and print a result for each.

    Raises nothing: a team whose folder does not load, or defines something else than the team's own
    files do, is one that failed.
    """
    failed = [one for one in venvs.build_stale(map(venvs.team_environment, teams)) if not one.ok]
    names = {one.name for one in failed}
    ready = [team for team in teams if team.name not in names]
    outcomes = parallel.run("proving", {team.name: partial(_judged, team) for team in ready})
    proofs.prune()
    return [*failed, *outcomes]


def proof(team: Team) -> Proof:
    """Load a team's folder in dist/ as its image does.

    Raises:
        DevkitError: if the environment of the image can't be built, or `.env` can't be read.
        OSError: if the folder can't be copied.
    """
    images = interpreters.deployed(team.directory)
    base = interpreters.find(f"=={images}.*") or team.python
    python = proofs.environment(team.name, team.dist / DEPLOYED_LOCK, base)
    with tempfile.TemporaryDirectory(
        prefix="dagteam-proof-", ignore_cleanup_errors=True
    ) as scratch:
        folder = Path(scratch).resolve()
        code = folder / "code"
        shutil.copytree(team.dist, code)
        load = partial(_load, team, python, Files(team.dist, code))
        own = _variables(folder, python, variables.own(team))
        found = load(env=own)
        borrowed: tuple[str, ...] = ()
        if isinstance(found, Failure):
            shell = {name: text for name, text in _shell().items() if name not in own}
            again = load(env={**shell, **own})
            if isinstance(again, Manifest):
                named = [name for name in shell if name in f"{found.message}\n{found.traceback}"]
                found, borrowed = again, tuple(sorted(named or ["of this shell"]))
    version = found.python if isinstance(found, Manifest) else images
    return Proof(found, version, images, borrowed)


def _judged(team: Team) -> Outcome:
    """The proof of a team's folder as a result: compared with what the team's own files define."""
    here = cache.load_all([team])[0]
    made = proof(team)
    there = made.found
    if isinstance(there, Failure):
        details = "\n\n".join(filter(None, [reports.failure(there), missing.hint(there)]))
        return Outcome(team.name, ok=False, text="does not load as it is deployed", details=details)
    if isinstance(here, Failure):
        text = "loads as it is deployed, but not here, so there is nothing to compare it with"
        return Outcome(team.name, ok=False, text=text, details=reports.failure(here))
    if lacking := metadata.lacking(team):
        text = f"lacks the metadata of {', '.join(lacking)}"
        needs = "\n".join(f"{name}: {why}" for name, why in lacking.items())
        fix = f"  fix:      name it in [tool.dagteam] of {team.folder}/pyproject.toml: `libraries`"
        return Outcome(team.name, ok=False, text=text, details=f"{needs}\n{fix}")
    if lines := differences(here, there, "in the build"):
        text = f"{counted(len(lines), 'difference')} between the build and the team's files"
        return Outcome(team.name, ok=False, text=text, details="\n".join(lines))
    return Outcome(team.name, ok=True, text=f"proven: {reports.contents(there)}{_notes(made)}")


def _notes(made: Proof) -> str:
    notes = []
    if not made.python.startswith(f"{made.images}."):
        notes.append(f"with Python {made.python}: this machine has no {made.images}, as its image")
    if made.borrowed:
        notes.append(f"only with variables that are not in its .env: {', '.join(made.borrowed)}")
    return "".join(f"; {note}" for note in notes)


def _load(team: Team, python: Path, files: Files, *, env: Mapping[str, str]) -> Manifest | Failure:
    """Load a copy of a team's folder in dist/; what is found names paths in dist/."""
    there = team.deployed_in(files.folder, python)
    found = loading.load(there, loading.time_limit(team), env=env)
    if isinstance(found, Manifest):
        return found
    return relocated.with_original_paths(found, team, files)


def _variables(folder: Path, python: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """The variables of an image's process: its own and the team's."""
    home = folder / "home"
    home.mkdir()
    shell = clean_environment()
    return {
        **{name: shell[name] for name in MACHINE if name in shell},
        **secrets,
        "PATH": os.pathsep.join([str(python.parent), os.defpath]),
        "HOME": str(home),
        "PYTHONPATH": str(folder / "code"),
    }


def _shell() -> dict[str, str]:
    """The variables of this shell that an image may be given as well."""
    return {name: text for name, text in clean_environment().items() if not name.startswith(NEVER)}

"""Loads a team's definitions from other files than the work tree's, in the team's environment.

The teams and their libraries are installed in editable form, so the interpreter would find the
files of the work tree: `programs/probe.py` replaces these folders on its path.
"""

import os
from dataclasses import replace

from devkit.core.errors import FIXABLE, fixable
from devkit.core.export import Files
from devkit.core.paths import SHARED
from devkit.definitions import loading, manifest
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import variables
from devkit.registry import shared
from devkit.registry.team import Team


def load(team: Team, files: Files, timeout: float | None = None) -> Manifest | Failure:
    """Load a team's definitions from these files; the result names paths of the work tree."""
    if files.in_place:
        return loading.load(team, timeout)
    there = team.moved(files.path, environment=False)
    try:
        env = variables.of_team(team)
    except FIXABLE as problem:
        return Failure(team, str(fixable(problem)), None)
    utils = [str(files.folder / SHARED.name)] if shared.library() else []
    path = [*utils, *filter(None, [env.get("PYTHONPATH")])]
    env |= {
        **({"PYTHONPATH": os.pathsep.join(path)} if path else {}),
        "DAGTEAM_ROOT": str(files.root),
        "DAGTEAM_FILES": str(files.folder),
    }
    found = loading.load(there, timeout, env=env)
    if isinstance(found, Manifest):
        return manifest.parse(team, found.raw)
    return with_original_paths(found, team, files)


def with_original_paths(found: Failure, team: Team, files: Files) -> Failure:
    """A failure to load a copy of a team's files, which names the files that were copied."""
    source = found.source
    return Failure(
        team,
        files.with_original_paths(found.message),
        source and replace(source, file=files.original(source.file)),
        files.with_original_paths(found.traceback),
        files.with_original_paths(found.stderr),
    )

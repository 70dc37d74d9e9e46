"""Loads one code location as Dagster will and prints what it found as one JSON object.

    python -P _probe.py MODULE WORKING_DIRECTORY

Runs in a team's own interpreter: standard library and that team's Dagster (1.8 or newer)
only. Whatever the team's code prints goes to standard error, so that it can't spoil the
JSON on standard output. An error of the team's code is a result: exit code 0.

The object holds `dagster` (a version) and either `error` (`type`, `message`, `traceback`
and `origin`, the traceback of what began it) or lists of names: `assets` (that it makes),
`external` (that it only knows of), `checks`, `jobs`, `schedules` and `sensors`. An asset's
name is its key with `/` between the parts.
"""

import faulthandler
import json
import os
import signal
import sys
import traceback
from typing import Any


def main(module: str, working_directory: str) -> None:
    """Print the location's manifest."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)  # says where it hung
    sys.path.insert(0, working_directory)
    result: dict[str, Any] = {"dagster": None}
    try:
        import dagster

        result["dagster"] = dagster.__version__
        result.update(contents(module, working_directory))
    except BaseException as error:  # the team's code may raise anything, SystemExit too
        if isinstance(error, KeyboardInterrupt):
            raise
        result["error"] = describe(error)
    with answer:
        json.dump(result, answer)


def contents(module: str, working_directory: str) -> dict[str, list[str]]:
    """What the location defines, found by Dagster's own loader."""
    from dagster._core.definitions.reconstruct import repository_def_from_target_def
    from dagster._core.workspace.autodiscovery import loadable_targets_from_python_module

    targets = loadable_targets_from_python_module(module, working_directory)
    repositories = [repository_def_from_target_def(t.target_definition) for t in targets]
    found: dict[str, list[str]] = {
        "assets": [],
        "external": [],
        "checks": [],
        "jobs": [],
        "schedules": [],
        "sensors": [],
    }
    for repository in repositories:
        repository.load_all_definitions()
        graph = repository.asset_graph
        made = graph.materializable_asset_keys
        found["assets"] += sorted(key.to_user_string() for key in made)
        found["external"] += sorted(
            key.to_user_string() for key in graph.get_all_asset_keys() - made
        )
        found["checks"] += sorted(
            f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys
        )
        found["jobs"] += sorted(n for n in repository.job_names if not n.startswith("__"))
        found["schedules"] += sorted(schedule.name for schedule in repository.schedule_defs)
        found["sensors"] += sorted(sensor.name for sensor in repository.sensor_defs)
    return found


def describe(error: BaseException) -> dict[str, str]:
    """An exception as data; of a chain, the message is that of what began it."""
    first = error
    while first.__cause__ or (first.__context__ and not first.__suppress_context__):
        first = first.__cause__ or first.__context__ or first
    return {
        "type": type(first).__name__,
        "message": str(first),
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__)),
        "origin": "".join(
            traceback.format_exception(type(first), first, first.__traceback__, chain=False)
        ),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])

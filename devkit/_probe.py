"""Loads one code location as Dagster will and prints its manifest as one JSON object.

    python -P _probe.py MODULE WORKING_DIRECTORY

Runs in a team's own interpreter: standard library and that team's Dagster (1.8 or newer)
only. Whatever the team's code prints goes to standard error, so that it can't spoil the
JSON on standard output. An error of the team's code is a result: exit code 0.

Past 250 lines because it is run by its path: what it needs is in it, but for the reading of
sources. `docs/manifest.md` describes the object. Where Dagster has no public way to ask, the names
used are those that 1.8 to 1.13 have in common.
"""

import faulthandler
import gc
import importlib
import inspect
import json
import os
import platform
import runpy
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

MANIFEST_VERSION = 1

Place = Callable[..., Any]


def main(module: str, working_directory: str) -> None:
    """Print the location's manifest."""
    gc.disable()  # a fifth of what imports take, and nothing here lives long enough to need it
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)  # says where it hung
    sys.path.insert(0, working_directory)
    result: dict[str, Any] = {"manifest": MANIFEST_VERSION, "python": platform.python_version()}
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


def contents(module: str, working_directory: str) -> dict[str, Any]:
    """What the location defines."""
    repositories = load(module, working_directory)
    reader = runpy.run_path(str(Path(__file__).with_name("_sources.py")))
    sources = reader["Sources"](working_directory)
    found: dict[str, Any] = {"assets": [], "checks": [], "jobs": [], "schedules": []}
    found |= {"sensors": [], "resources": []}
    for repository in repositories:
        repository.load_all_definitions()
        graph = repository.asset_graph
        nodes = sorted(graph.asset_nodes, key=lambda node: text(node.key))
        found["assets"] += [asset(repository, node, sources.place) for node in nodes]
        checks = sorted(graph.asset_check_keys, key=lambda key: (text(key.asset_key), key.name))
        found["checks"] += [check(graph, key, sources.place) for key in checks]
        found["jobs"] += sorted(n for n in repository.job_names if not n.startswith("__"))
        found["schedules"] += [schedule(one) for one in by_name(repository.schedule_defs)]
        found["sensors"] += [
            sensor(one, graph, sources.place) for one in by_name(repository.sensor_defs)
        ]
        found["resources"] += sorted(repository.get_top_level_resources())
    found["imports"] = imports(sources, working_directory)
    return found


def load(module: str, working_directory: str) -> list[Any]:
    """The module's repositories, as Dagster's own loader finds them.

    Modules of the usual kind, with one Definitions (or one function that makes it), are asked
    by Dagster's public names: its loader imports half a second's worth of what it may need.
    """
    values = list(vars(importlib.import_module(module)).values())
    lazy, plain = (
        [value for value in values if is_a(value, name)]
        for name in ("LazyDefinitions", "Definitions")
    )
    if len(lazy) == 1 or (not lazy and len(plain) == 1):
        made = lazy[0]() if lazy else plain[0]
        return [made.get_repository_def() if is_a(made, "Definitions") else made]
    from dagster._core.definitions.reconstruct import repository_def_from_target_def
    from dagster._core.workspace.autodiscovery import loadable_targets_from_python_module

    targets = loadable_targets_from_python_module(module, working_directory)
    return [repository_def_from_target_def(target.target_definition) for target in targets]


def is_a(value: Any, name: str) -> bool:
    """Whether a value is of a class of this name, one of Dagster's, wherever it stands there."""
    return any(
        base.__name__ == name and base.__module__.partition(".")[0] == "dagster"
        for base in type(value).__mro__
    )


def text(key: Any) -> str:
    """An asset's name: the parts of its key with `/` between them."""
    return str(key.to_user_string())


def by_name(definitions: Iterable[Any]) -> list[Any]:
    """Definitions in the order of their names."""
    return sorted(definitions, key=lambda one: one.name)


def asset(repository: Any, node: Any, place: Place) -> dict[str, Any]:
    """One asset that the location makes or knows of."""
    key = text(node.key)
    defined = repository.assets_defs_by_key.get(node.key)
    # A SourceAsset takes the place of an asset of the same key, without a word.
    shadowed = bool(defined and defined.is_materializable and not node.is_materializable)
    metadata, tags = node.metadata, node.tags
    prefix = "dagster/kind/"
    implied = bool(metadata.get("dagster/auto_created_stub_asset"))
    return {
        "key": key,
        "made": node.is_materializable or shadowed,
        "shadowed": shadowed,
        "observed": node.is_observable,
        "implied": implied,
        "external": tags.get("dagteam/external"),
        "group": node.group_name,
        "kinds": sorted(tag[len(prefix) :] for tag in tags if tag.startswith(prefix)),
        "owners": list(node.owners),
        "deps": dependencies(node),
        "partitions": partitions(node.partitions_def),
        "columns": columns(metadata.get("dagster/column_schema")),
        "watches": watched_by_condition(node),
        "place": place(key, made=node.is_materializable),
    }


def dependencies(node: Any) -> list[dict[str, Any]]:
    """What an asset reads: `loaded` if an IO manager does it, `mapping` if one is declared."""
    definition = node.assets_def
    loaded = set()
    if definition.is_executable:
        inputs = definition.node_def.input_dict
        loaded = {
            key
            for name, key in definition.keys_by_input_name.items()
            if name in inputs and not inputs[name].dagster_type.is_nothing
        }
    mappings = node.partition_mappings
    return [
        {
            "key": text(key),
            "loaded": key in loaded,
            "mapping": type(mappings[key]).__name__ if key in mappings else None,
        }
        for key in sorted(node.parent_keys, key=text)
    ]


def partitions(definition: Any) -> dict[str, Any] | None:
    """A partitions definition by what decides whether two of them fit."""
    if definition is None:
        return None
    names = [base.__name__ for base in type(definition).__mro__]
    if "MultiPartitionsDefinition" in names:
        parts = definition.partitions_defs
        dimensions = {one.name: partitions(one.partitions_def) for one in parts}
        return {"type": "multi", "dimensions": dimensions}
    if "TimeWindowPartitionsDefinition" in names:
        return {
            "type": "time",
            "cron": definition.cron_schedule,
            "timezone": definition.timezone,
            "start": definition.start.isoformat(),
        }
    if "DynamicPartitionsDefinition" in names:
        return {"type": "dynamic", "name": definition.name}
    if "StaticPartitionsDefinition" in names:
        return {"type": "static", "keys": list(definition.get_partition_keys())}
    return {"type": "other", "class": type(definition).__name__}


def columns(schema: Any) -> list[dict[str, str]] | None:
    """The columns of a `dagster/column_schema`, as it stands or as a metadata value."""
    schema = getattr(schema, "schema", schema)
    if not hasattr(schema, "columns"):
        return None
    return [{"name": column.name, "type": str(column.type)} for column in schema.columns]


def watched_by_condition(node: Any) -> list[str]:
    """The assets that an automation condition names, besides what the asset reads."""
    spec = node.to_asset_spec()
    condition = getattr(spec, "automation_condition", None)

    def walk(one: Any) -> Iterator[Any]:
        if hasattr(getattr(one, "key", None), "to_user_string"):
            yield one.key
        for child in one.children:
            yield from walk(child)

    return sorted({text(key) for key in walk(condition)}) if condition else []


def check(graph: Any, key: Any, place: Place) -> dict[str, Any]:
    """One asset check, and what it reads besides the asset that it checks."""
    more = graph.get_check_spec(key).additional_deps
    return {
        "asset": text(key.asset_key),
        "name": key.name,
        "deps": sorted(text(dep.asset_key) for dep in more),
        "place": place(key.name, made=True),
    }


def schedule(definition: Any) -> dict[str, Any]:
    """One schedule."""
    return {
        "name": definition.name,
        "job": definition.job_name,
        "cron": definition.cron_schedule,
        "running": definition.default_status.value == "RUNNING",
    }


def sensor(definition: Any, graph: Any, place: Place) -> dict[str, Any]:
    """One sensor, and the assets whose materialisations it watches."""
    return {
        "name": definition.name,
        "type": type(definition).__name__,
        "running": definition.default_status.value == "RUNNING",
        "watches": sorted(text(key) for key in watched_by_sensor(definition, graph)),
        "place": place(definition.name, made=True),
    }


def watched_by_sensor(definition: Any, graph: Any) -> set[Any]:
    """The keys that an asset sensor or a multi-asset sensor watches."""
    names = {base.__name__ for base in type(definition).__mro__}
    if "AssetSensorDefinition" in names:
        return {definition.asset_key}
    if "MultiAssetSensorDefinition" not in names:
        return set()
    watched: Any = getattr(definition, "_monitored_assets", None)
    if watched is None:  # before 1.9 it is known to the function inside only
        inside = inspect.getclosurevars(definition._raw_fn).nonlocals
        watched = inside.get("monitored_assets")
    if not hasattr(watched, "resolve"):
        return set(watched or ())
    return set(watched.resolve(graph, allow_missing=True)) | named(watched)


def named(selection: Any) -> set[Any]:
    """The keys that a selection names one by one, also those that the location hasn't."""
    found = set(getattr(selection, "selected_keys", ()))
    for operand in getattr(selection, "operands", ()):
        found |= named(operand)
    return found


def imports(sources: Any, folder: str) -> dict[str, Any]:
    """The top-level packages that the team's files name, or that are loaded from elsewhere.

    Elsewhere is neither the team's folder nor the interpreter's own.
    """
    rooms = (folder, sys.prefix, sys.base_prefix)
    inside = tuple(os.path.realpath(room) + os.sep for room in rooms)
    found: dict[str, Any] = {
        name: {"file": file, "line": line}
        for name, (file, line) in sources.imports.items()
        if name not in sys.stdlib_module_names
    }
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if "." not in name and file and not os.path.realpath(file).startswith(inside):
            found.setdefault(name, None)
    # Python's own, wherever a distribution of it keeps them.
    for itself in ("__main__", "__mp_main__", "sitecustomize", "usercustomize"):
        found.pop(itself, None)
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

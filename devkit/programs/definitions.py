"""Turns the definitions of a Dagster repository into the lists of a manifest.

Loaded by `probe.py` in the team's own interpreter: standard library only. Where Dagster has no
public API, this uses names that 1.8 to 1.13 have in common.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Place = Callable[..., Any]


def define(repository: Any, place: Place) -> dict[str, list[Any]]:
    """The lists of a repository's manifest; `place` finds the source location of a name."""
    repository.load_all_definitions()
    graph = repository.asset_graph
    nodes = sorted(graph.asset_nodes, key=lambda node: text(node.key))
    checks = sorted(graph.asset_check_keys, key=lambda key: (text(key.asset_key), key.name))
    return {
        "repositories": [repository.name],
        "assets": [asset(repository, node, place) for node in nodes],
        "checks": [check(graph, key, place) for key in checks],
        "jobs": sorted(name for name in repository.job_names if not name.startswith("__")),
        "schedules": [schedule(item) for item in by_name(repository.schedule_defs)],
        "sensors": [sensor(item, graph, place) for item in by_name(repository.sensor_defs)],
        "resources": sorted(repository.get_top_level_resources()),
    }


def text(key: Any) -> str:
    """An asset key as text: its parts, separated by `/`."""
    return str(key.to_user_string())


def by_name(definitions: Iterable[Any]) -> list[Any]:
    """Definitions sorted by name."""
    return sorted(definitions, key=lambda definition: definition.name)


def asset(repository: Any, node: Any, place: Place) -> dict[str, Any]:
    """One asset that the location produces or depends on."""
    key = text(node.key)
    defined = repository.assets_defs_by_key.get(node.key)
    # A SourceAsset silently replaces an asset of the same key.
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
    """What an asset depends on: `loaded` by an IO manager, `mapping` if one is declared."""
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
        {"key": text(key), "loaded": key in loaded, **mapping(mappings.get(key))}
        for key in sorted(node.parent_keys, key=text)
    ]


def mapping(declared: Any) -> dict[str, Any]:
    """The properties of a declared partition mapping; of none, if there is none."""
    offsets = (getattr(declared, name, 0) for name in ("start_offset", "end_offset"))
    return {
        "mapping": None if declared is None else type(declared).__name__,
        "shifted": any(offsets),
        "optional": bool(getattr(declared, "allow_nonexistent_upstream_partitions", False)),
    }


def partitions(definition: Any) -> dict[str, Any] | None:
    """The properties of a partitions definition that decide whether two are compatible."""
    if definition is None:
        return None
    names = [base.__name__ for base in type(definition).__mro__]
    if "MultiPartitionsDefinition" in names:
        parts = definition.partitions_defs
        dimensions = {part.name: partitions(part.partitions_def) for part in parts}
        return {"type": "multi", "dimensions": dimensions}
    if "TimeWindowPartitionsDefinition" in names:
        return {
            "type": "time",
            "cron": definition.cron_schedule,
            "timezone": definition.timezone,
            "start": definition.start.isoformat(),
            "end": definition.end and definition.end.isoformat(),
            "first": window(definition.get_first_partition_window()),
        }
    if "DynamicPartitionsDefinition" in names:
        return {"type": "dynamic", "name": definition.name}
    if "StaticPartitionsDefinition" in names:
        return {"type": "static", "keys": list(definition.get_partition_keys())}
    return {"type": "other", "class": type(definition).__name__}


def window(found: Any) -> list[str] | None:
    """Start and end of a time window; None if there is none yet."""
    return [found.start.isoformat(), found.end.isoformat()] if found else None


def columns(schema: Any) -> list[dict[str, str]] | None:
    """The columns of a `dagster/column_schema`, bare or wrapped in a metadata value."""
    schema = getattr(schema, "schema", schema)
    if not hasattr(schema, "columns"):
        return None
    return [{"name": column.name, "type": str(column.type)} for column in schema.columns]


def watched_by_condition(node: Any) -> list[str]:
    """The assets that an automation condition names, other than dependencies of the asset."""
    spec = node.to_asset_spec()
    condition = getattr(spec, "automation_condition", None)

    def walk(part: Any) -> Iterator[Any]:
        if hasattr(getattr(part, "key", None), "to_user_string"):
            yield part.key
        for child in part.children:
            yield from walk(child)

    return sorted({text(key) for key in walk(condition)}) if condition else []


def check(graph: Any, key: Any, place: Place) -> dict[str, Any]:
    """One asset check, and what it depends on other than the asset that it checks."""
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
    """One sensor, and the assets whose materializations it watches."""
    return {
        "name": definition.name,
        "type": type(definition).__name__,
        "running": definition.default_status.value == "RUNNING",
        "watches": sorted(text(key) for key in watched_by_sensor(definition, graph)),
        "monitors": monitored(definition),
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
    if watched is None:  # before 1.9, only a closure variable has it
        inside = inspect.getclosurevars(definition._raw_fn).nonlocals
        watched = inside.get("monitored_assets")
    if not hasattr(watched, "resolve"):
        return set(watched or ())
    return set(watched.resolve(graph, allow_missing=True)) | named(watched)


def monitored(definition: Any) -> list[dict[str, Any]]:
    """The jobs whose runs a run status sensor names; a job of None is every job of the location.

    Neither location nor repository is named for the location's own jobs.
    """
    if "RunStatusSensorDefinition" not in {base.__name__ for base in type(definition).__mro__}:
        return []
    jobs = getattr(definition, "_monitored_jobs", None)
    if jobs is None:  # before 1.12, only a closure variable has them
        jobs = inspect.getclosurevars(definition._raw_fn).nonlocals.get("monitored_jobs")
    return [
        {
            "location": getattr(job, "location_name", None),
            "repository": getattr(job, "repository_name", None),
            "job": getattr(job, "job_name", None) or getattr(job, "name", None),
        }
        for job in jobs or ()
    ]


def named(selection: Any) -> set[Any]:
    """The keys that a selection names, including those that the location does not have."""
    found = set(getattr(selection, "selected_keys", ()))
    for operand in getattr(selection, "operands", ()):
        found |= named(operand)
    return found

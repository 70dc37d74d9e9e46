"""How two manifests of one location differ: in what is defined, by name and dependency."""

from collections.abc import Iterator, Mapping
from typing import Any

from devkit.definitions.manifest import Manifest


def differences(here: Manifest, there: Manifest, place: str) -> list[str]:
    """A line for each thing that only one of two manifests has, or that depends on something else.

    `place` says where the second one was loaded, such as `in the build`. Versions, and the lines
    that define things, do not count.
    """
    ours, theirs = dict(_things(here.raw)), dict(_things(there.raw))
    found = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs:
            found.append(f"{name} is not {place}")
        elif name not in ours:
            found.append(f"{name} is only {place}")
        elif ours[name] != theirs[name]:
            found.append(f"{name} {ours[name]}; {place}, it {theirs[name]}")
    return found


def _things(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything that a location defines, with what it depends on as a phrase."""
    for one in raw["assets"]:
        kind = "asset" if one["made"] else "external asset"
        yield f"{kind} {one['key']}", _on([dependency["key"] for dependency in one["deps"]])
    for one in raw["checks"]:
        yield f"check {one['name']} of {one['asset']}", _on(one["deps"])
    for one in raw["schedules"]:
        yield f"schedule {one['name']}", f"starts {one['job']} at {one['cron']}"
    for one in raw["sensors"]:
        jobs = [str(target["job"]) for target in one["monitors"]]
        yield f"sensor {one['name']}", _on([*one["watches"], *jobs], "waits for")
    for kind, names in (
        ("job", raw["jobs"]),
        ("resource", raw["resources"]),
        ("repository", raw["repositories"]),
    ):
        yield from ((f"{kind} {name}", "is defined") for name in names)


def _on(names: list[str], verb: str = "depends on") -> str:
    return f"{verb} {', '.join(sorted(names)) or 'nothing'}"

"""dagster.yaml for a single host: the orchestrator's, with PostgreSQL and a launcher of containers.

Schedules, sensors, limits and retention are configured once, in orchestrator/dagster.yaml. Its text
is kept, comments too; only if nothing can be added to it as text, its values are written again.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import DAGSTER_YAML, ROOT

HEADER = """\
# Generated from orchestrator/dagster.yaml by `invoke derive`: edits are lost.
# The instance on a single host: history in PostgreSQL, and each run in a container of its team's
# image. deploy/compose.yaml sets the environment variables.
"""
TEMPLATE = Path(__file__).parent / "templates" / "dagster-yaml-host.yaml"

# Their fields may be set in both files; every other key is set as a whole.
MERGED = {"run_queue"}
# Dagster rejects these beside the key that a host needs.
INSTEAD_OF = {
    "run_storage": "storage",
    "event_log_storage": "storage",
    "schedule_storage": "storage",
    "run_coordinator": "run_queue",
}


def text(source: Path = DAGSTER_YAML) -> str:
    """The text of deploy/dagster.yaml.

    Raises:
        DevkitError: if the source is invalid, or sets what a host has to set: by name and line.
    """
    shown = str(source.relative_to(ROOT) if source.is_relative_to(ROOT) else source)
    try:
        ours = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DevkitError(f"{shown} is not valid UTF-8", fix=f"save {shown} as UTF-8") from None
    added = TEMPLATE.read_text(encoding="utf-8")
    settings, needed = _settings(ours, shown), yaml.safe_load(added)
    for line, key, clash in _clashes(ours, settings, needed):
        raise DevkitError(
            f"{shown}, line {line}: {key} can't be set for every machine: "
            f"on a host, {clash} is what its containers need",
            fix=f"move {key} to the dagster.yaml of your DAGSTER_HOME, if it is for development; "
            f"for the host, edit {TEMPLATE.relative_to(ROOT)}",
        )
    merged = settings | {
        key: (settings.get(key) or {}) | value if key in MERGED else value
        for key, value in needed.items()
    }
    joined = f"{HEADER}\n{ours.rstrip()}\n{added}"
    return joined if _says(joined, merged) else HEADER + yaml.safe_dump(merged, sort_keys=False)


def _settings(text: str, shown: str) -> dict[str, Any]:
    """The settings in a file; each is in it once."""
    try:
        found = yaml.safe_load(text) or {}
        repeated = list(_repeated(yaml.compose(text, Loader=yaml.SafeLoader)))
    except yaml.YAMLError as error:
        raise DevkitError(f"{shown}: invalid YAML: {error}", fix=f"edit {shown}") from None
    if not isinstance(found, dict):
        raise DevkitError(f"{shown} has no settings", expected="`name: value`", fix=f"edit {shown}")
    for key in repeated:
        raise DevkitError(
            f"{shown}, line {key.start_mark.line + 1}: {key.value} is set again",
            fix=f"edit {shown}: only the last one counts",
        )
    return found


def _clashes(
    text: str, settings: Mapping[str, Any], needed: Mapping[str, Any]
) -> Iterator[tuple[int, str, str]]:
    """What both set: its line, the key in the file, and what a host sets."""
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    lines = {key.value: key.start_mark.line + 1 for key, _ in top.value} if top else {}
    for key, value in settings.items():
        clash = INSTEAD_OF.get(key, key)
        if key in MERGED and isinstance(value, dict | None):
            both = sorted((value or {}).keys() & needed[key].keys())
            yield from ((lines[key], f"{key}.{name}", f"{key}.{name}") for name in both)
        elif clash in needed:
            yield lines[key], key, clash


def _repeated(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """The keys that a mapping above them has already."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            if isinstance(key.value, str):
                seen.add(key.value)
            yield from _repeated(value)


def _says(text: str, settings: Mapping[str, Any]) -> bool:
    """Whether a text has these settings and no others, each once."""
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
        return not list(_repeated(document)) and yaml.safe_load(text) == settings
    except yaml.YAMLError:
        return False

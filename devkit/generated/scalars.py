"""Names in YAML that is written as text: quoted where YAML reads another value, as `on`."""

import yaml


def scalar(name: str) -> str:
    """A name of letters, digits, `_`, `-` and `.` as YAML."""
    return name if yaml.safe_load(name) == name else f'"{name}"'

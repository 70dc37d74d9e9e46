"""The host's dagster.yaml: all that the orchestrator's has, and what a host needs, each once."""

from pathlib import Path

import pytest
import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import DAGSTER_YAML
from devkit.generated import dagster_yaml

ADDED = yaml.safe_load(dagster_yaml.TEMPLATE.read_text(encoding="utf-8"))

# What a user may write, with what Dagster reads from it.
WRITTEN = {
    "settings in the first paragraph": "# ours\ntelemetry:\n  enabled: false\n\nnux: {}\n",
    "no paragraphs": "telemetry:\n  enabled: false\nnux:\n  enabled: false",
    "comments everywhere": "# a\n\n# b\ntelemetry: # c\n  enabled: false\n\n# d\n",
    "nothing": "",
    "only comments": "# nothing yet\n",
    "a byte order mark": "\ufefftelemetry:\n  enabled: false\n",
    "CRLF": "telemetry:\r\n  enabled: false\r\n",
    "a document's start": "---\ntelemetry:\n  enabled: false\n",
    "a document's end": "telemetry:\n  enabled: false\n...\n",
    "braces": "{telemetry: {enabled: false}, nux: {enabled: false}}\n",
    "an indented mapping": "  telemetry:\n    enabled: false\n",
    "an anchor": "sensors: &threads\n  use_threads: true\nschedules: *threads\n",
    "a merged mapping": "sensors: &s {use_threads: true}\nschedules: {<<: *s, num_workers: 4}\n",
    "another field of the run queue": "run_queue:\n  max_concurrent_runs: 3 # of all\n",
    "an empty run queue": "run_queue:\n",
}


def text(folder: Path, written: str) -> str:
    file = folder / "dagster.yaml"
    file.write_bytes(written.encode())
    return dagster_yaml.text(file)


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_everything_that_was_written_is_kept_and_every_key_is_there_once(
    written: str, tmp_path: Path
) -> None:
    made = text(tmp_path, written)
    found = yaml.safe_load(made)
    settings = yaml.safe_load(written.removeprefix("\ufeff")) or {}
    assert found.keys() == settings.keys() | ADDED.keys()
    queue = (settings.pop("run_queue", None) or {}) | ADDED["run_queue"]
    assert found == settings | ADDED | {"run_queue": queue}
    document = yaml.compose(made)
    assert document
    keys = [key.value for key, _ in document.value]
    assert len(keys) == len(set(keys))


def test_comments_are_kept(tmp_path: Path) -> None:
    written = WRITTEN["comments everywhere"]
    assert written in text(tmp_path, written)
    assert DAGSTER_YAML.read_text(encoding="utf-8") in dagster_yaml.text()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("nux: {enabled: false}\nstorage:\n  sqlite: {}\n", "line 2: storage can't be set"),
        ("run_storage: {}\n", "line 1: run_storage can't be set .* storage is what"),
        ("\n\nrun_launcher:\n  module: m\n", "line 3: run_launcher can't be set"),
        ("run_coordinator: {}\n", "run_coordinator can't be set .* run_queue is what"),
        ("compute_logs:\n", "line 1: compute_logs can't be set"),
        (
            "run_queue: {user_code_failure_retry_delay: 1}\n",
            "line 1: run_queue.user_code_failure_retry_delay can't be set",
        ),
        ("run_queue: 3\n", "line 1: run_queue can't be set"),
        ("nux: {enabled: true}\nnux: {enabled: false}\n", "line 2: nux is set again"),
        ("nux:\n  enabled: true\n  enabled: false\n", "line 3: enabled is set again"),
        ("- a\n", "has no settings"),
        ("a: 1\n---\nb: 2\n", "invalid YAML"),
        ("a: [\n", "invalid YAML"),
    ],
)
def test_what_can_not_be_merged_is_refused_by_name_and_line(
    written: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DevkitError, match=message) as caught:
        text(tmp_path, written)
    assert caught.value.fix


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_bytes("# größe\n".encode("latin-1"))
    with pytest.raises(DevkitError, match="is not valid UTF-8"):
        dagster_yaml.text(tmp_path / "dagster.yaml")

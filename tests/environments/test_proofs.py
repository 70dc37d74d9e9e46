"""Environments as images have them."""

import os
import time
from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.environments import proofs
from testing.support import base_python, run, wheel


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "proofs"
    monkeypatch.setattr(proofs, "FOLDER", found)
    return found


def environment(lock: Path) -> Path:
    return proofs.environment("tea", lock, Path(base_python()))


def test_it_has_what_the_lock_pins_and_the_next_proof_uses_it_again(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(wheel(tmp_path / "wheels", "milk"), encoding="utf-8")
    python = environment(lock)
    done = run([python, "-c", "import milk; print(milk.VERSION)"], tmp_path)
    assert done.stdout == "1.0\n", done.stderr
    (python.parent / "kept").touch()
    assert environment(lock) == python
    assert (python.parent / "kept").exists()
    lock.write_text(lock.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert environment(lock) != python


@pytest.mark.parametrize("line", ["-e ./milk", "milk @ file:///milk", "milk==1.0"])
def test_a_line_without_a_hash_is_refused(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(DevkitError, match="tea: what the image needs can't be installed"):
        environment(lock)
    with pytest.raises(DevkitError):  # nothing that is incomplete is used
        environment(lock)


def test_one_that_was_not_used_for_a_week_is_deleted(folder: Path) -> None:
    for name, days in {"old": 8, "new": 6}.items():
        (folder / name).mkdir(parents=True)
        (folder / f"{name}.lock").touch()
        mark = folder / name / proofs.COMPLETE
        mark.touch()
        then = time.time() - days * 24 * 3600
        os.utime(mark, (then, then))
    proofs.prune()
    assert {path.name for path in folder.iterdir()} == {"new", "new.lock"}

"""Takes everything back that an adoption wrote: by its record, and by nothing else.

What was edited since is left and named. Data, secrets and the history of runs stay.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from devkit.adoption import first_run, registry
from devkit.adoption.apply import BRANCH, exclude_file
from devkit.core import git, output
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, TOOLS
from devkit.kit import base, blocks, record
from devkit.kit.record import Record

KIT = "devkit"
CACHES = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"}
STATE = (".dagteam", "dist", ".venv-tools.lock", ".venv-dagit.lock")
INSTALLED = re.compile(r"^INSTALL_PYTHON=(.+)$", re.MULTILINE)
HISTORY = ".dagster_home"
LEGACY = ".legacy"  # what pre-commit adds to the name of a hook that it found


def unadopt(root: Path = ROOT) -> list[str]:
    """Take back what the record names; returns what is left, and why.

    The work tree is changed, and nothing is committed. The kit's own files are the last to go.

    Raises:
        DevkitError: if the repository was not adopted.
    """
    written = record.read(root)
    if written is None:
        raise DevkitError(
            f"{root} was not adopted: there is no {record.NAME}",
            fix="a repository that began as a clone of DagTeam is not taken apart",
        )
    # Whatever prints has to be loaded before the tools' environment goes, in which this runs.
    output.info(f"taking out what is in {record.NAME} ...")
    before = _before(root, written)
    left = [*_restore(root, written, before), *_remove_written(root, written)]
    _remove_metadata(root)
    _restore_hook(root)
    _exclude_what_stays(root)
    environments = list(_environments(root))
    for folder in (*environments, *(root / name for name in STATE)):
        _remove(folder)
        _remove(folder.with_name(folder.name + ".lock"))
    left += _remove_kit(root, written)
    for name in (*written.written, *written.generated, *written.files):
        _prune(root, (root / name).parent)
    return left


def told(root: Path, left: list[str]) -> None:
    """Print what is left, and what to do next."""
    if left:
        output.info("left as it is:\n" + "\n".join(f"- {line}" for line in left))
    if (root / HISTORY).is_dir():
        output.info(f"kept: {HISTORY}/, the history of runs; .git/info/exclude has Git ignore it")
    output.info(
        "DagTeam is taken out of the work tree: `git commit --all`. If the branch "
        f"{BRANCH} was not merged, check out another one after that, and `git branch -D {BRANCH}`"
    )


def _before(root: Path, written: Record) -> str | None:
    """The commit before the adoption, if this clone has it."""
    asked = git.ask("cat-file", "-e", f"{written.before}^{{commit}}", root=root)
    return None if not written.before or asked.code else written.before


def _restore(root: Path, written: Record, before: str | None) -> Iterator[str]:
    """Restore the files that were there before; yields those that were edited since."""
    file, name = root / written.registry, written.registry
    if name in written.written:
        if record.digest_of(file) != written.written[name]:
            yield _revert_registry(root, written)
        elif written.original is None:
            file.unlink()
        else:
            _write(file, written.original)
    for name, added in written.appended.items():
        text = _text(root / name)
        if text is None:
            continue
        if text.count(added) == 1:
            _write(root / name, text.replace(added, ""))
        else:
            yield f"{name}: the lines that were added were edited since"
    for name, original in written.replaced.items():
        text = _text(root / name)
        if text is None or first_run.DERIVED in text[:300]:
            _write(root / name, original)
        else:
            yield f"{name}: it was edited since it was taken over"
    for name in written.blocks:
        existed = before is None or _has(root, before, name)
        _take_out(root / name, existed=existed)


def _revert_registry(root: Path, written: Record) -> str:
    """Take the adoption's lines out of a registry that was edited since; returns what is left."""
    name, now = written.registry, _text(root / written.registry)
    texts = (base.content_at(root, commit, name) for commit in base.log(root, name))
    wanted = written.written[name]
    as_written = next((one for one in texts if one and record.digest(one) == wanted), None)
    if now and as_written and written.original is not None:
        text = as_written.decode("utf-8", "surrogateescape")
        before = registry.reverted(written.original, text, now)
        if before is not None:
            _write(root / name, before)
            return f"{name}: what was added to it since"
    return f"{name}: it was edited since; `git diff {written.before[:8]} -- {name}`"


def _remove_written(root: Path, written: Record) -> Iterator[str]:
    """Remove the files of projects; yields those that were edited since."""
    for name, digest in written.written.items():
        file = root / name
        if name == written.registry or not file.is_file():
            continue
        if record.digest_of(file) == digest:
            file.unlink()
        else:
            yield f"{name}: it was edited since"
    for name in written.generated:
        file = root / name
        if file.is_file() and not name.startswith(f"{KIT}/"):
            if first_run.is_made(file) or first_run.DERIVED in (_text(file) or "")[:300]:
                file.unlink()
            else:
                yield f"{name}: it is not the kit's any more"


def _remove_kit(root: Path, written: Record) -> list[str]:
    """Remove the kit's files, and the record last; returns those that were edited since."""
    left = []
    for name, digest in written.files.items():
        file = root / name
        if not file.is_file():
            continue
        lock = file.name in first_run.LOCKS and first_run.is_made(file)
        if lock or record.digest_of(file) == digest:
            file.unlink()
        else:
            left.append(f"{name}: it was edited since")
    for name in (first_run.BASELINE, record.NAME):
        (root / name).unlink(missing_ok=True)
    return left


def _restore_hook(root: Path) -> None:
    """Remove the hook that runs this checkout's tools; put back what was there before."""
    kept = first_run.former_hook(root)
    hook = kept.parent.parent / "hooks" / "pre-commit"
    legacy = hook.with_name(hook.name + LEGACY)
    text = _text(hook) or ""
    found = INSTALLED.search(text)
    if found and Path(found[1].strip("'\"")).is_relative_to(root / TOOLS.name):
        hook.unlink()
        if kept.is_file():
            shutil.copy2(kept, hook)
            legacy.unlink(missing_ok=True)
        elif legacy.is_file():
            legacy.replace(hook)
    _remove(kept.parent)


def _remove_metadata(root: Path) -> None:
    """Remove the metadata that was built beside the code since the adoption, in this clone."""
    known = first_run.former_hook(root).with_name(first_run.METADATA)
    if known.is_file():
        before = set(known.read_text(encoding="utf-8").splitlines())
        for folder in list(first_run.metadata(root)):
            name = str(folder.relative_to(root))
            if name not in before and not git.ask("ls-files", "--", name, root=root).stdout:
                _remove(folder)


def _exclude_what_stays(root: Path) -> None:
    """Have Git ignore the history of runs and secrets, as until now, but nothing else."""
    file = exclude_file(root)
    history = root / HISTORY
    lines = [f"/{git.prefix(root)}{HISTORY}/", ".env"] if history.is_dir() else []
    text = _text(file)
    if text is not None:
        _write(file, blocks.put(text, lines) if lines else blocks.take_out(text))


def _environments(root: Path) -> Iterator[Path]:
    """The environments that the kit built: they have its stamp. The tools' comes last."""
    found = []
    for directory, folders, _ in os.walk(root):
        for name in list(folders):
            folder = Path(directory, name)
            if name.startswith(".venv"):
                folders.remove(name)
                if (folder / ".stamp").exists() and (folder / "pyvenv.cfg").exists():
                    found.append(folder)
        folders[:] = [name for name in folders if name not in first_run.NEVER_ENTERED]
    yield from sorted(found, key=lambda folder: (folder.name == TOOLS.name, folder))


def _prune(root: Path, folder: Path) -> None:
    """Remove a folder, and those above it, in which only caches are left."""
    while folder != root and folder.is_dir():
        if any(path.name not in CACHES for path in folder.iterdir()):
            return
        _remove(folder)
        folder = folder.parent


def _take_out(file: Path, *, existed: bool) -> None:
    """Take the kit's block out of a file, and remove the file if it was made for it."""
    text = _text(file)
    if text is None:
        return
    rest = blocks.take_out(text)
    if rest or existed:
        if rest != text:
            _write(file, rest)
    else:
        file.unlink()


def _has(root: Path, commit: str, name: str) -> bool:
    return git.ask("cat-file", "-e", f"{commit}:./{name}", root=root).code == 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            path.unlink()


def _text(file: Path) -> str | None:
    return file.read_bytes().decode("utf-8", "surrogateescape") if file.is_file() else None


def _write(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

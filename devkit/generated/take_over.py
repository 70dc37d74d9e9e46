"""Files that an adopted repository has `invoke derive` generate: none, until it is told to.

What was there is kept in the record of the adoption, for `unadopt` to put back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from devkit.core.errors import DevkitError
from devkit.core.paths import KIT, ROOT
from devkit.core.wording import did_you_mean
from devkit.generated import files
from devkit.kit import record
from devkit.kit.record import Record, digest
from devkit.registry.team import Team

GROUPS = ("cloud", "compose", "editors", "helm")
DEPLOY = KIT / "deploy"  # the Dockerfiles, and what is in the images
DEPLOYED = {"compose", "helm"}  # the groups that need them


def take_over(teams: Sequence[Team], names: Iterable[str]) -> list[str]:
    """Generate these groups of files from now on; returns what was done to files that were there.

    Raises:
        DevkitError: for an unknown group, or in a repository that was not adopted, which has all.
    """
    groups = [part.strip() for name in names for part in name.split(",") if part.strip()]
    for group in groups:
        if group not in GROUPS:
            raise DevkitError(
                f"unknown group {group!r}{did_you_mean(group, GROUPS)}", expected=", ".join(GROUPS)
            )
    written = record.read(ROOT)
    if written is None:
        raise DevkitError(
            "this repository was not adopted, so `invoke derive` generates everything anyway",
            fix="invoke derive",
        )
    texts: dict[Path, str] = {}
    for group in groups:
        texts |= files.GENERATORS[group](teams)
    told = list(_replaced(texts, written))
    new = _with_replaced(texts, written)
    if DEPLOYED.intersection(groups):
        new, copied = _with_images(new)
        told += [f"{name}: copied from devkit/deploy/, and yours to change" for name in copied]
    for path, text in texts.items():
        files.put(path, text)
    wanted = tuple(dict.fromkeys([*new.derives, *groups]))
    own = {name for name in map(_name, texts) if name not in new.replaced}
    generated = tuple(sorted({*new.generated, *own}))
    record.write(replace(new, derives=wanted, generated=generated), ROOT)
    return told


def _replaced(texts: Mapping[Path, str], written: Record) -> Iterator[str]:
    for path in texts:
        if path.exists() and _name(path) not in {*written.replaced, *written.generated}:
            yield f"{_name(path)}: generated from now on; what it was is in {record.NAME}"


def _with_replaced(texts: Mapping[Path, str], written: Record) -> Record:
    """The record with the text of each file that is about to be replaced for the first time."""
    new = dict(written.replaced)
    for path in texts:
        name = _name(path)
        if path.exists() and name not in written.generated:
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            if files.MARKER not in text[: files.TOP]:
                new.setdefault(name, text)
    return replace(written, replaced=new)


def _with_images(written: Record) -> tuple[Record, list[str]]:
    """Copy what images are built from, where there is no such file; the record names the copies."""
    copied = {}
    for source in sorted(DEPLOY.iterdir()) if DEPLOY.is_dir() else ():
        target = ROOT / source.name if source.name[0] == "." else ROOT / "deploy" / source.name
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(source.read_bytes())
            copied[_name(target)] = digest(source.read_bytes())
    return replace(written, written={**written.written, **copied}), list(copied)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()

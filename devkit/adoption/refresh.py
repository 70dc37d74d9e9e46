"""Brings the marked blocks of an adopted repository up to date with this kit: after an update."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from devkit.adoption import files, hooks
from devkit.core import git
from devkit.core.paths import ROOT
from devkit.kit import blocks, record
from devkit.kit.record import Record, digest


def refresh(root: Path = ROOT) -> list[str]:
    """Rewrite the blocks and the configuration of hooks that nobody has edited.

    Returns what was done or could not be, a sentence each. Does nothing in a repository without a
    record.
    """
    written = record.read(root)
    if written is None:
        return []
    told: list[str] = []
    new = written
    for name in written.blocks:
        new = _block(root, name, new, told)
    new = _config(root, new, told)
    if new != written:
        record.write(new, root)
    return told


def _block(root: Path, name: str, written: Record, told: list[str]) -> Record:
    text = _text(root / name)
    old = blocks.block_in(text)
    if old is None or digest(_bytes(old)) != written.blocks[name]:
        told.append(f"{name}: the lines of DagTeam were edited, and stay as they are")
        return written
    lines = _hooks(root, name, old) if name.endswith(hooks.CONFIG) else _ignored(old)
    changed = blocks.put(text, lines)
    if changed == text:
        return written
    (root / name).write_bytes(_bytes(changed))
    told.append(f"{name}: the lines of DagTeam are up to date")
    fresh = digest(_bytes(blocks.block_in(changed) or ""))
    return replace(written, blocks={**written.blocks, name: fresh})


def _config(root: Path, written: Record, told: list[str]) -> Record:
    """The configuration of hooks, if it is the kit's as a whole."""
    name, text = hooks.CONFIG, hooks.new_config().encode()
    known = written.written.get(name)
    if known is None or known == digest(text) or record.digest_of(root / name) != known:
        return written
    (root / name).write_bytes(text)
    told.append(f"{name} is up to date")
    return replace(written, written={**written.written, name: digest(text)})


def _ignored(block: str) -> list[str]:
    """The lines of a block in .gitignore, and those that it lacks."""
    own = [line for line in block.splitlines() if not line.startswith("#")]
    return list(dict.fromkeys([*own, *files.IGNORED]))


def _hooks(root: Path, name: str, block: str) -> Sequence[str]:
    """The hooks, as far to the right as the block's."""
    first = block.splitlines()[1]
    prefix = git.prefix(root) if name != hooks.CONFIG else ""
    return hooks.lines(" " * (len(first) - len(first.lstrip())), prefix)


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogateescape") if file.is_file() else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

"""Makes locks: uv resolves what rooms need, side by side, and what changed is told."""

import difflib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from devkit import output, parallel, processes
from devkit.bootstrap import ROOT, TOOLS, clean_environment
from devkit.errors import DevkitError
from devkit.failures import explain
from devkit.locks import PIN, Room, inputs_digest, options, package_name, pins, stale, text_of


def update(chosen: Sequence[Room], *, upgrade: bool = False, packages: Sequence[str] = ()) -> None:
    """Make the locks of some rooms side by side, and tell what changed in each.

    Pins stay what they are where they still fit; `upgrade` lets all move, `packages` those.

    Raises:
        DevkitError: naming the rooms whose locks can't be made; they keep their old ones.
            For a package that none of the rooms has.
    """
    before = {room.name: pins(room) for room in chosen}
    new = {room.name for room in chosen if _is_new(room)}
    _require_pinned(packages, before)
    flags = {
        room.name: _flags(upgrade, [one for one in packages if package_name(one) in found])
        for room in chosen
        for found in [before[room.name]]
    }
    outcomes = parallel.run(
        "locking", {room.name: partial(_lock, room, flags[room.name]) for room in chosen}
    )
    rows = [
        (room.name, name, before[room.name].get(name, "-"), after.get(name, "-"))
        for room in chosen
        if room.name not in new  # of which all would be told
        for after in [pins(room)]
        for name in sorted(before[room.name].keys() | after.keys())
        if before[room.name].get(name) != after.get(name)
    ]
    if rows:
        output.table(("room", "package", "old", "new"), rows)
    parallel.require(outcomes)


def allowed(room: Room) -> dict[str, str]:
    """The pins that the room's requirements would get today; nothing is written.

    Raises:
        DevkitError: if the package index can't be reached, or nothing fits.
    """
    editable, local, _ = _inputs(room)
    with tempfile.TemporaryDirectory(prefix="dagteam-lock-") as scratch:
        arguments = [*local, *_groups(room.ships)]
        text = _compile(room, editable, "", Path(scratch), room.local, arguments, ["--upgrade"])
    return dict(PIN.findall(text))


def _require_pinned(packages: Iterable[str], found: Mapping[str, Mapping[str, str]]) -> None:
    """Hold that each of these packages is in one of the rooms' locks: uv says nothing if not."""
    known = {name for pinned in found.values() for name in pinned}
    for package in packages:
        if (name := package_name(package)) not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise DevkitError(
                f"no lock of {', '.join(found)} has the package {name!r}"
                + (f"; did you mean {near[0]!r}?" if near else ""),
                expected="a package that is locked; a new one is named in a pyproject.toml first",
                mend="see `invoke outdated --all`",
            )


def _flags(upgrade: bool, packages: Iterable[str]) -> list[str]:
    """How uv is told which pins may move."""
    one_by_one = [word for package in packages for word in ("--upgrade-package", package)]
    return ["--upgrade", *one_by_one] if upgrade else one_by_one


def _lock(room: Room, flags: Sequence[str]) -> str:
    """Make a room's locks in a scratch folder and put them in place together."""
    if not flags and stale(room) is None:
        return "up to date"
    editable, local, deployed = _inputs(room)
    new = _is_new(room)
    before = text_of(room.local) + text_of(room.deployed)
    with tempfile.TemporaryDirectory(prefix="dagteam-lock-") as scratch:
        compiled = partial(_compile, room, editable, before, Path(scratch))
        if room.deployed is None:
            made = {room.local: compiled(room.local, local, flags)}
        else:
            # All that either needs in one resolution: so the pins of the two agree.
            every = compiled(room.local, [*local, *_groups(room.ships)], flags)
            pinned = Path(scratch) / "pinned.txt"
            pinned.write_text(
                "\n".join(f"{name}=={version}" for name, version in PIN.findall(every))
            )
            fixed = ["--constraints", str(pinned)]
            made = {
                room.local: compiled(room.local, local, fixed),
                room.deployed: compiled(
                    room.deployed, deployed, [*fixed, "--no-emit-package", "dagteam-utils"]
                ),
            }
    for lock, text in made.items():
        fresh = lock.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(lock)
    return f"locked: {len(pins(room))} packages" if new else "locked"


def _is_new(room: Room) -> bool:
    """Whether the room has not been locked before."""
    return any(lock is not None and not lock.exists() for lock in (room.local, room.deployed))


def _inputs(room: Room) -> tuple[str, list[str], list[str]]:
    """What uv resolves: its standard input, and its arguments for the local lock and the other."""
    project = str(room.project.relative_to(ROOT))
    editable = "".join(f"-e ./{folder.relative_to(ROOT)}\n" for folder in room.holds)
    local = ["-" if editable else project, *_groups(room.groups)]
    return editable, local, [project, *_groups(room.ships)]


def _groups(names: Sequence[str]) -> list[str]:
    return [argument for name in names for argument in ("--group", name)]


def _compile(
    room: Room,
    editable: str,
    before: str,
    scratch: Path,
    lock: Path,
    arguments: Sequence[str],
    flags: Sequence[str],
) -> str:
    """Have uv resolve into the text of a lock; the pins in `before` are its preferences.

    `editable` are the lines for uv's standard input, if it is among the arguments.
    """
    target = scratch / lock.name
    target.write_text(before)
    done = processes.run(
        [TOOLS / "bin" / "uv", "pip", "compile", *arguments, *options(room), *flags, "-o", target],
        cwd=ROOT,
        env=clean_environment(),
        stdin=editable,
    )
    if done.code:
        raise DevkitError(
            f"{lock.relative_to(ROOT)} can't be made; the old one stays\n"
            + (explain(done.text) or done.text)
        )
    command = f"invoke lock --team {room.name}"
    header = f"# Made by `{command}` from pyproject.toml; no hand edits.\n"
    return f"{header}# inputs: sha256:{inputs_digest(room)}\n{target.read_text()}"

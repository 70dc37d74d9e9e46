"""Resolves the locks of projects with uv, side by side, and prints what changed."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from packaging.version import Version

from devkit.core import filelocks, output, parallel, uv
from devkit.core.errors import DevkitError
from devkit.core.files import replace_text
from devkit.core.paths import STATE
from devkit.core.pyproject import package_name, read
from devkit.core.wording import counted, did_you_mean
from devkit.environments import first_lock, lockfiles, uv_settings, wanted
from devkit.environments.lockfiles import Pin
from devkit.environments.project import Project
from devkit.environments.uv_settings import index_flags
from devkit.environments.wanted import Wanted

BUSY = STATE / "locking.lock"  # the process that changes locks holds the lock of this file


def update(
    projects: Sequence[Project], *, upgrade: bool = False, packages: Sequence[str] = ()
) -> None:
    """Resolve the locks of some projects side by side, and print what changed in each.

    Pins that still fit stay; `upgrade` updates all of them, `packages` only these.

    Raises:
        DevkitError: if locks can't be resolved, naming their projects, which keep the old ones;
            for a package that none of the projects has.
    """
    before = lockfiles.readable(projects, lockfiles.pins)
    new = {project.name for project in projects if project.name in before and _is_new(project)}
    _require_pinned(packages, before)
    jobs: dict[str, parallel.Work] = {}
    for project in projects:
        moving = [name for name in packages if package_name(name) in before.get(project.name, ())]
        jobs[project.name] = partial(_lock, project, _flags(upgrade, moving))
    with _alone():
        outcomes = parallel.run("locking", jobs)
    after = lockfiles.readable(projects, lockfiles.pins)
    rows = [
        (name, package, old.get(package, "-"), now.get(package, "-"))
        for name, now in after.items()
        if name in before and name not in new  # all pins of a new project are new
        for old in (before[name],)
        for package in sorted(old.keys() | now.keys())
        if old.get(package) != now.get(package)
    ]
    if rows:
        output.table(("project", "package", "old", "new"), rows)
    parallel.require(outcomes)


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other process changes locks: of two results, each would write one file."""

    def waiting() -> None:
        output.warn("waiting: another `invoke lock` runs in this checkout ...")

    BUSY.parent.mkdir(exist_ok=True)
    with filelocks.hold(BUSY, waiting):
        yield


def newest_allowed(project: Project) -> list[Pin]:
    """The newest pins that the project's requirements allow. Writes nothing.

    Raises:
        DevkitError: if the package index is unreachable or there is no solution.
    """
    with tempfile.TemporaryDirectory(prefix="dagteam-lock-") as scratch:
        target = Path(scratch) / project.local.name
        text = _compile(project, target, "", wanted.wanted(project), ["--upgrade"])
    return lockfiles.parse(text)


def newest(project: Project, packages: Iterable[str]) -> dict[str, str]:
    """The newest version of each package for the project's Pythons, ignoring its bounds.

    Raises:
        DevkitError: if the package index is unreachable.
    """
    done = uv.run(
        "pip", "compile", "-", "--no-deps", *lockfiles.options(project),
        *index_flags(project.directory, *project.libraries),
        stdin="\n".join(sorted(packages)),
        failure="could not look up the latest versions",
    )  # fmt: skip
    pins = [pin for pin in lockfiles.parse(done.stdout) if pin.version]
    return {pin.name: str(pin.version) for pin in sorted(pins, key=_by_version)}


def _by_version(pin: Pin) -> Version:
    return Version(pin.version or "0")


def _require_pinned(packages: Iterable[str], found: Mapping[str, Mapping[str, str]]) -> None:
    """Require that each of these packages is in one of the locks: uv ignores unknown ones."""
    known = {name for pinned in found.values() for name in pinned}
    for package in packages:
        if (name := package_name(package)) not in known:
            raise DevkitError(
                f"no lock of {', '.join(found)} has the package {name!r}"
                + did_you_mean(name, known),
                expected="a locked package; add a new one to a pyproject.toml first",
                fix="see `invoke outdated --all`",
            )


def _flags(upgrade: bool, packages: Iterable[str]) -> list[str]:
    """The options of uv that update pins."""
    one_by_one = [word for package in packages for word in ("--upgrade-package", package)]
    return ["--upgrade", *one_by_one] if upgrade else one_by_one


def _lock(project: Project, flags: Sequence[str]) -> str:
    """Resolve a project's locks in a scratch folder, then replace them together."""
    if not flags and lockfiles.stale(project) is None:
        return "up to date"
    new = _is_new(project)
    before = lockfiles.text_of(project)
    digest = lockfiles.inputs_digest(project)
    with tempfile.TemporaryDirectory(prefix="dagteam-lock-") as scratch:
        compiled = partial(_compile, project, Path(scratch) / "lock.txt", before)
        if project.deployed is None:
            texts = {project.local: compiled(wanted.wanted(project), flags)}
        else:
            # One resolution of everything that either lock needs, so that their pins agree.
            resolve = partial(compiled, wanted.wanted(project))
            every = first_lock.resolve(project, resolve, flags)
            pinned = Path(scratch) / "pinned.txt"
            pinned.write_text("\n".join(map(str, lockfiles.parse(every))), encoding="utf-8")
            fixed = ["--constraints", str(pinned)]
            texts = {
                project.local: compiled(wanted.wanted(project, deployed=False), fixed),
                project.deployed: compiled(wanted.wanted(project, local=False), fixed),
            }
    _require_one_resolution(project, digest, [*texts.values()])
    for lock, text in texts.items():
        replace_text(lock, _header(project, lock, digest) + text)
    size = f": {counted(len(lockfiles.pins(project)), 'package')}" if new else ""
    deployed = texts.get(project.deployed or project.local, "")
    unhashed = ", ".join(pin.name for pin in lockfiles.unhashed(deployed))
    return f"locked{size}" + (
        f"; without a hash, so not deployable: {unhashed}" if unhashed else ""
    )


def _is_new(project: Project) -> bool:
    """Whether the project lacks a lock."""
    return any(not lock.exists() for lock in project.locks)


def _require_one_resolution(project: Project, digest: str, texts: Sequence[str]) -> None:
    """Require that nothing that was resolved has changed between the first and the last lock."""
    if lockfiles.inputs_digest(project) != digest:
        raise DevkitError(
            "a pyproject.toml was saved while the locks were resolved; keeping the current ones",
            fix=f"invoke lock --team {project.name}",
        )
    if len(texts) == 2 and (names := lockfiles.disagreeing(*texts)):  # noqa: PLR2004 (both locks)
        raise DevkitError(
            f"{', '.join(names)} changed while the locks were resolved; keeping the current ones",
            fix=f"invoke lock --team {project.name}",
        )


def _header(project: Project, lock: Path, digest: str) -> str:
    """The first lines of a lock: how it was generated, and what is not a pin."""
    folders = project.editable if lock == project.local else ()
    lines = [
        f"# Generated by `invoke lock --team {project.name}` from pyproject.toml: do not edit.",
        f"# inputs: sha256:{digest}",
        *uv_settings.lines(project),
        *(f"-e ./{lockfiles.relative(folder)}" for folder in folders),
    ]
    return "\n".join(lines) + "\n"


def _compile(
    project: Project, target: Path, before: str, request: Wanted, flags: Sequence[str]
) -> str:
    """The resolved pins of a lock, without libraries; uv prefers the pins in `before`.

    Raises:
        DevkitError: if uv fails, or if the pins would have a path of this machine.
    """
    target.write_text("\n".join(before.splitlines()) + "\n", encoding="utf-8")
    names = [read(folder).name for folder in project.editable]
    uv.run(
        "pip", "compile", *request.arguments, *lockfiles.options(project), *flags, "-o", target,
        *(argument for name in names for argument in ("--no-emit-package", name)),
        project=project.directory,
        stdin=request.stdin,
        failure=f"{lockfiles.relative(project.local)} could not be resolved; "
        "keeping the current lock",
    )  # fmt: skip
    text = target.read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith((" ", "#")) and not lockfiles.ENTRY.match(line):
            raise DevkitError(
                f"the locks of {project.name} would have a path: {line}",
                expected="packages of an index, URLs, and libraries in [tool.uv.sources]",
                fix=f"edit {project.pyproject.shown} or that of a library",
            )
    return text

"""Resolves the locks of projects with uv, side by side, and prints what changed."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from devkit.core import output, parallel, uv
from devkit.core.errors import DevkitError
from devkit.core.files import replace_text
from devkit.core.paths import ROOT, SHARED
from devkit.core.pyproject import package_name, read
from devkit.core.wording import counted, did_you_mean
from devkit.environments import lockfiles
from devkit.environments.project import Project


def update(
    projects: Sequence[Project], *, upgrade: bool = False, packages: Sequence[str] = ()
) -> None:
    """Resolve the locks of some projects side by side, and print what changed in each.

    Pins that still fit stay; `upgrade` updates all of them, `packages` only these.

    Raises:
        DevkitError: if locks can't be resolved, naming their projects, which keep the old ones;
            for a package that none of the projects has.
    """
    before = lockfiles.readable_pins(projects)
    new = {project.name for project in projects if project.name in before and _is_new(project)}
    _require_pinned(packages, before)
    jobs: dict[str, parallel.Work] = {}
    for project in projects:
        moving = [name for name in packages if package_name(name) in before.get(project.name, ())]
        jobs[project.name] = partial(_lock, project, _flags(upgrade, moving))
    outcomes = parallel.run("locking", jobs)
    after = lockfiles.readable_pins(projects)
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


def newest_allowed(project: Project) -> dict[str, str]:
    """The newest pins that the project's requirements allow. Writes nothing.

    Raises:
        DevkitError: if the package index is unreachable or there is no solution.
    """
    editable, local, _ = _inputs(project)
    with tempfile.TemporaryDirectory(prefix="dagteam-lock-") as scratch:
        arguments = [*local, *_groups(project.deploy_groups)]
        text = _compile(
            project, editable, "", Path(scratch), project.local, arguments, ["--upgrade"]
        )
    return lockfiles.pinned(text)


def newest(project: Project, packages: Iterable[str]) -> dict[str, str]:
    """The newest version of each package for the project's Pythons, ignoring its bounds.

    Raises:
        DevkitError: if the package index is unreachable.
    """
    done = uv.run(
        "pip", "compile", "-", "--no-deps", *lockfiles.options(project),
        stdin="\n".join(sorted(packages)),
        failure="could not look up the latest versions",
    )  # fmt: skip
    return lockfiles.pinned(done.stdout)


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
    editable, local, deployed = _inputs(project)
    new = _is_new(project)
    before = lockfiles.text_of(project)
    with tempfile.TemporaryDirectory(prefix="dagteam-lock-") as scratch:
        compiled = partial(_compile, project, editable, before, Path(scratch))
        if project.deployed is None:
            texts = {project.local: compiled(project.local, local, flags)}
        else:
            # One resolution of everything that either lock needs, so that their pins agree.
            every = compiled(project.local, [*local, *_groups(project.deploy_groups)], flags)
            pinned = Path(scratch) / "pinned.txt"
            pins = (f"{name}=={version}" for name, version in lockfiles.pinned(every).items())
            pinned.write_text("\n".join(pins), encoding="utf-8")
            fixed = ["--constraints", str(pinned)]
            shared = ["--no-emit-package", read(SHARED).name]
            texts = {
                project.local: compiled(project.local, local, fixed),
                project.deployed: compiled(project.deployed, deployed, [*fixed, *shared]),
            }
    for lock, text in texts.items():
        replace_text(lock, text)
    return f"locked: {counted(len(lockfiles.pins(project)), 'package')}" if new else "locked"


def _is_new(project: Project) -> bool:
    """Whether the project lacks a lock."""
    return any(not lock.exists() for lock in project.locks)


def _inputs(project: Project) -> tuple[str, list[str], list[str]]:
    """What uv resolves: its standard input, and its arguments for the local and deployed locks."""
    file = lockfiles.relative(project.pyproject.file)
    editable = "".join(f"-e ./{lockfiles.relative(folder)}\n" for folder in project.editable)
    local = ["-" if editable else file, *_groups(project.dev_groups)]
    return editable, local, [file, *_groups(project.deploy_groups)]


def _groups(names: Sequence[str]) -> list[str]:
    return [argument for name in names for argument in ("--group", name)]


def _compile(
    project: Project,
    editable: str,
    before: str,
    scratch: Path,
    lock: Path,
    arguments: Sequence[str],
    flags: Sequence[str],
) -> str:
    """The resolved text of a lock; uv prefers the pins in `before`.

    `editable` is uv's standard input, which it reads if `-` is among the arguments.

    Raises:
        DevkitError: if uv fails.
    """
    target = scratch / lock.name
    target.write_text(before, encoding="utf-8")
    uv.run(
        "pip", "compile", *arguments, *lockfiles.options(project), *flags, "-o", target,
        stdin=editable,
        failure=f"{lock.relative_to(ROOT)} could not be resolved; keeping the current lock",
    )  # fmt: skip
    command = f"invoke lock --team {project.name}"
    header = f"# Generated by `{command}` from pyproject.toml: do not edit.\n"
    digest = f"# inputs: sha256:{lockfiles.inputs_digest(project)}\n"
    return header + digest + target.read_text(encoding="utf-8")

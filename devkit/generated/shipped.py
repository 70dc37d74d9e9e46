"""Which files of a team and of its libraries are deployed: all that Git tracks, and no others.

So the same commit gives the same files on every machine. What else is there is named: a file in a
package that Git does not track is refused, since code may need it, and any other is left out.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from devkit.core import git, pyproject
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.wording import few
from devkit.environments import composition
from devkit.environments.composition import Composition
from devkit.generated import development
from devkit.registry.team import Kind, Team

GENERATED = {"__pycache__", "node_modules"}  # by tools, so that no code needs them
UNTRACKED, IGNORED = "??", "!!"  # Git's letters
MOST_NAMED = 5


@dataclass(frozen=True)
class Shipped:
    """What is deployed: sources by their paths in the result, top-level packages, and notes."""

    files: dict[Path, Path] = field(default_factory=dict)
    packages: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Part:
    """A folder or file that is deployed, and how.

    `base` is the folder that paths in the result are relative to. Of a `whole` folder everything is
    deployed but tests, locks and the configuration of tools; otherwise `code` is, the packages in
    it, where no file may be missing.
    """

    path: Path
    base: Path
    code: tuple[Path, ...]
    whole: bool = False


def collect(made_of: Composition, tracked: set[Path]) -> Shipped:
    """What to deploy of a location; `tracked` are all of Git's files.

    Raises:
        DevkitError: if something would be missing: a package, a file that Git does not track, or
            one that this checkout lacks; or if two files would have the same place.
    """
    team = made_of.team
    parts = [*_parts(made_of, tracked)]
    found = Shipped()
    changed: list[str] = []
    for part in parts:
        states = _states(part.path)
        for file in sorted(_below(part.path, tracked)):
            target = _target(team, part, file)
            if target is None or found.files.get(target) == file:
                continue
            if "D" not in states.get(file, ""):
                _add(found.files, target, file, tracked)
            if file in states:
                changed.append(_shown(file))
        found.notes.extend(_left_out(team, part, states))
    code = (path for part in parts for path in part.code)
    tops = dict.fromkeys(target.parts[0] for path in code for target in _targets(found, path))
    found.packages.extend(top for top in tops if not top.endswith(".py"))
    if changed:
        found.notes.append(f"not of any commit yet: {_some(changed)}")
    _require_module(team, found)
    return found


def _parts(made_of: Composition, tracked: set[Path]) -> Iterator[_Part]:
    """What a location is deployed of: its own folders, its sources, its libraries, its inputs."""
    team = made_of.team
    for path in composition.outermost([*team.folders, *team.sources]):
        base = team.import_root if path.is_relative_to(team.import_root) else path
        inside = tuple(one for one in team.sources if one.is_relative_to(path))
        yield _Part(path, base, inside, whole=path in team.folders)
    for path, base in made_of.plain.items():
        yield _Part(path, base, (path,))
    for library in made_of.project.deployed_libraries:
        packages = _packages(library, tracked)
        for package in packages:
            yield _Part(library, package.parent, (package,))
    for path in made_of.inputs:  # read from where the code runs, or from beside it
        bases = (team.on_path, team.import_root, team.root)
        beside = next(one for one in bases if path.is_relative_to(one))
        for base in sorted({beside, team.cwd} & {path, *path.parents}):
            yield _Part(path, base, (path,))


def _targets(found: Shipped, path: Path) -> Iterator[Path]:
    """The places of the files of a folder in the result."""
    return (target for target, file in found.files.items() if file.is_relative_to(path))


def _packages(library: Path, tracked: Iterable[Path]) -> list[Path]:
    """The packages of a library: those that it names, or the folders with an `__init__.py`.

    Raises:
        DevkitError: if one is not found.
    """
    project = pyproject.read(library)
    folders = {_top(library, file) for file in _below(library, tracked)} - {library}
    by_name = {folder.name: folder for folder in sorted(folders)}
    named = project.tool("uv").get("build-backend", {}).get("module-name", [])
    wanted = [name.partition(".")[0] for name in ([named] if isinstance(named, str) else named)]
    usual = project.name.replace("-", "_")
    if not wanted and usual not in by_name:
        wanted = [name for name, folder in by_name.items() if _is_package(folder)]
    for name in wanted or [usual]:
        if name not in by_name:
            raise DevkitError(
                f"the package {name} of the library {_shown(library)} is not found",
                expected=f"{name}/ or src/{name}/, with files that Git tracks",
                fix=f"name it in {project.shown}: `module-name` in [tool.uv.build-backend]",
            )
    return [by_name[name] for name in wanted or [usual]]


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").exists() and not folder.name.endswith("tests")


def _top(library: Path, file: Path) -> Path:
    """The folder of a library, or of its `src`, that a file is in; the library if in neither."""
    parts = file.relative_to(library).parts
    depth = 2 if parts[0] == "src" else 1
    return library.joinpath(*parts[:depth]) if len(parts) > depth else library


def _below(folder: Path, files: Iterable[Path]) -> Iterator[Path]:
    above = f"{folder}{os.sep}"
    return (file for file in files if file == folder or str(file).startswith(above))


def _states(path: Path) -> dict[Path, str]:
    """Git's letters for the files of a folder, or a file, that no commit has as they are."""
    folder = path if path.is_dir() else path.parent
    found = git.uncommitted_files(folder) or ()
    return {name: state for state, name in found if path in (folder, name)}


def _target(team: Team, part: _Part, file: Path) -> Path | None:
    """Where a file of a part is deployed, relative to the result; None if it is not.

    What is in `src` next to the package is deployed beside it.
    """
    if development.has(team, file):
        return None
    if any(file.is_relative_to(path) for path in part.code):
        base = (
            team.import_root if file.is_relative_to(team.import_root) and part.whole else part.base
        )
        return file.relative_to(base)
    if not part.whole:
        return None
    inside = file.is_relative_to(team.import_root)
    return file.relative_to(team.import_root if inside else part.base)


def _add(files: dict[Path, Path], target: Path, source: Path, tracked: set[Path]) -> None:
    wrong = None
    if not os.path.lexists(source):
        wrong = "it is not in this (sparse) checkout: `git sparse-checkout disable`"
    elif source.is_dir():
        wrong = "it is a link to a folder, or a submodule, and not a file"
    elif source.is_symlink() and source.resolve() not in tracked:
        wrong = "it is a link to a file that Git does not track"
    elif target in files:
        wrong = f"{_shown(files[target])} would have the same place in the build: rename one"
    if wrong:
        raise DevkitError(f"{_shown(source)} can't be deployed: {wrong}")
    files[target] = source


def _left_out(team: Team, part: _Part, states: dict[Path, str]) -> Iterator[str]:
    """Notes on the files that would be deployed if Git tracked them.

    Raises:
        DevkitError: for those that Git neither tracks nor ignores in a package.
    """
    named: dict[str, list[str]] = {UNTRACKED: [], IGNORED: []}
    missing = []
    for file, state in states.items():
        if state in named and _target(team, part, file) and not _is_generated(file):
            if state == UNTRACKED and any(file.is_relative_to(path) for path in part.code):
                missing.append(_shown(file))
            named[state].append(_shown(file))
    if missing:
        raise DevkitError(
            f"the build would lack {_some(missing)}",
            expected="every file in a package is tracked by Git, or ignored",
            fix=f"`git add {missing[0]}`{' and so on' if missing[1:] else ''}, or a .gitignore",
        )
    if named[UNTRACKED]:
        yield f"left out, since Git does not track it: {_some(named[UNTRACKED])}"
    if named[IGNORED]:
        names = _some(named[IGNORED])
        yield f"left out, since Git ignores it (`git add --force` deploys it): {names}"


def _is_generated(file: Path) -> bool:
    return any(
        part.startswith(".") or part in GENERATED or part.endswith((".egg-info", ".pyc"))
        for part in file.relative_to(ROOT).parts
    )


def _require_module(team: Team, found: Shipped) -> None:
    """Require that what Dagster loads is in the build.

    Raises:
        DevkitError: if it is not.
    """
    is_file = team.kind is Kind.FILE
    module = Path(team.deployed) if is_file else Path(*team.module.split("."))
    top = Path(module.parts[0])
    inside = [file for file in found.files if file.is_relative_to(top) and file != top]
    if is_file:
        complete = module in found.files
    else:
        complete = any(
            file.with_suffix("") == module or file.is_relative_to(module) for file in found.files
        )
    if not complete:
        raise DevkitError(
            f"{team.deployed}, which Dagster loads, would not be in the build",
            expected=f"{module if is_file else f'{module}.py or {module}/'} in {team.folder}/ or "
            f"{team.folder}/src/, tracked by Git",
            found=f"{len(inside)} files in a package {team.package}",
            fix="`git add` it, or correct module_name and working_directory in workspace.yaml",
        )


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _some(names: list[str]) -> str:
    return ", ".join(few(sorted(names), MOST_NAMED))

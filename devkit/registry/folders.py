"""Which folders and environments an entry of the registry may name: its own, in the repository.

A team's locks are written and its environment is cleared, so neither may be the kit's or lie
outside.
"""

from pathlib import Path, PurePosixPath

from devkit.core.paths import DIST, KIT, ORCHESTRATOR, ORCHESTRATOR_VENV, ROOT, STATE, TOOLS
from devkit.registry import shared

RESERVED = {path.relative_to(ROOT).as_posix() for path in (DIST, KIT, ORCHESTRATOR, STATE)} | {
    ".git"
}
KITS_ENVIRONMENTS = {path.relative_to(ROOT).as_posix() for path in (TOOLS, ORCHESTRATOR_VENV)}


def folder_fault(
    root: Path, origin: Path, text: str, field: str = "working_directory"
) -> str | None:
    """Why a folder can't be a team's, as the registry has it; None if it can.

    A link may lead to a folder in `origin`, the work tree that the files at `root` are exported
    from.
    """
    folder = PurePosixPath(text)
    if folder.is_absolute() or ".." in folder.parts:
        return f"{field} is not the root or a folder below it, such as `team_project`: {text}"
    if not (root / folder).is_dir():
        return f"{field} does not exist: {text}"
    real = (root / folder).resolve()
    tops = [top for top in (root.resolve(), origin.resolve()) if real == top or top in real.parents]
    if not tops:
        return f"{field} leads out of the repository: {text} is a link to {real}"
    inside = real.relative_to(tops[0])
    if inside.parts and _is_reserved(inside, root):
        return f"{field} is the kit's own: {inside}"
    return None


def environment_fault(root: Path, origin: Path, text: str) -> str | None:
    """Why a team's interpreter can't be this one, as the registry has it; None if it can.

    The folder above the environment is the team's project.
    """
    python = PurePosixPath(text)
    if len(python.parts) < len((".venv", "bin", "python")) or (
        not python.parts[-3].startswith(".venv") or python.parts[-2:] != ("bin", "python")
    ):
        return f"executable_path does not end in .venv-<team>/bin/python: {text}"
    if python.is_absolute() or ".." in python.parts or python.parts[0] == "~":
        return f"executable_path is not below the root: {text}"
    if python.parent.parent.as_posix() in KITS_ENVIRONMENTS:
        return f"executable_path is the kit's own: {text}"
    project = python.parent.parent.parent.as_posix()
    return folder_fault(root, origin, project, "the project's folder in executable_path")


def file_fault(root: Path, text: str) -> str | None:
    """Why the registry can't load this file; None if it can."""
    file = PurePosixPath(text)
    if file.is_absolute() or ".." in file.parts:
        return f"relative_path leads out of the repository: {text}"
    return None if (root / file).is_file() else f"relative_path does not exist: {text}"


def _is_reserved(inside: Path, root: Path) -> bool:
    return any(inside.is_relative_to(name) for name in RESERVED) or (
        shared.library(root) == root / inside.parts[0]
    )

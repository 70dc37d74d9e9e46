"""Which folders and environments an entry of the registry may name: its own, in the repository.

A team's locks are written and its environment is cleared, so neither may be anybody else's.
"""

from pathlib import Path, PurePosixPath

from devkit.core.paths import DIST, KIT, ORCHESTRATOR, ORCHESTRATOR_VENV, ROOT, SHARED, STATE, TOOLS

RESERVED = {
    path.relative_to(ROOT).as_posix() for path in (DIST, KIT, ORCHESTRATOR, SHARED, STATE)
} | {".git"}
KITS_ENVIRONMENTS = {path.relative_to(ROOT).as_posix() for path in (TOOLS, ORCHESTRATOR_VENV)}


def folder_fault(root: Path, origin: Path, text: str) -> str | None:
    """Why a team's folder can't be this one, as the registry has it; None if it can.

    A link may lead to a folder in `origin`, the work tree that the files at `root` are exported
    from.
    """
    folder = PurePosixPath(text)
    if folder.is_absolute() or ".." in folder.parts or str(folder) == ".":
        return f"working_directory is not a folder below the root, such as `team_project`: {text}"
    if not (root / folder).is_dir():
        return f"working_directory does not exist: {text}"
    real = (root / folder).resolve()
    tops = [top for top in (root.resolve(), origin.resolve()) if top in real.parents]
    if not tops:
        return f"working_directory leads out of the repository: {text} is a link to {real}"
    if real.relative_to(tops[0]).parts[0] in RESERVED:
        return f"working_directory is the kit's own: {real.relative_to(tops[0])}"
    return None


def environment_fault(text: str) -> str | None:
    """Why a team's interpreter can't be this one, as the registry has it; None if it can."""
    python = PurePosixPath(text)
    if len(python.parts) < len((".venv", "bin", "python")) or (
        not python.parts[-3].startswith(".venv") or python.parts[-2:] != ("bin", "python")
    ):
        return f"executable_path does not end in .venv-<team>/bin/python: {text}"
    if python.is_absolute() or ".." in python.parts or python.parts[0] == "~":
        return f"executable_path is not below the root: {text}"
    if python.parent.parent.as_posix() in KITS_ENVIRONMENTS:
        return f"executable_path is the kit's own: {text}"
    return None

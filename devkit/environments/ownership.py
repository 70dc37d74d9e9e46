"""Whose an environment is: one that no build of the kit's has begun is never deleted.

The lock file next to an environment, which a build holds, says that it is the kit's.
"""

from pathlib import Path

from devkit.core import files
from devkit.core.errors import DevkitError
from devkit.core.paths import shown
from devkit.environments import installed

OWN = "This environment is built by `invoke setup`."


def lock_file(environment: Path) -> Path:
    """The file whose lock a build of the environment holds."""
    return environment.with_name(f"{environment.name}.lock")


def claim(environment: Path) -> None:
    """Record that a build of the environment begins; the caller holds the lock."""
    lock_file(environment).write_text(f"{OWN}\n", encoding="utf-8")


def is_foreign(environment: Path) -> bool:
    """Whether the folder has something in it, and no build of the kit's has ever begun there."""
    if not any(environment.iterdir()):
        return False
    lock = lock_file(environment)
    return not lock.exists() or OWN not in files.read_text(lock)


def refusal(environment: Path, lock: Path) -> DevkitError:
    """The error for a foreign environment, where one from `lock` would be built."""
    folder = shown(environment)
    return DevkitError(
        f"{folder} was not built by `invoke setup`, which would delete what is in it",
        expected=f"an environment with what {shown(lock)} lists, and nothing else",
        found=f"another one, with {len(installed.distributions(environment))} packages",
        fix=f"`rm -r {folder}`, then `invoke setup`; to keep it, name another folder in "
        "workspace.yaml: executable_path",
    )

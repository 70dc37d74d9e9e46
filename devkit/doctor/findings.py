"""What can be wrong: kinds, which the documentation lists, and findings, each of one kind."""

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devkit.bootstrap import ROOT
from devkit.workspace import Team

# Mends what was found, and says what was done.
Fix = Callable[[], str]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what, why it matters, and the command that mends it.

    What is not `grave` is worth knowing and fails nothing. `fix` does what `mend` says, where
    that can lose nothing.
    """

    code: str
    what: str
    why: str
    mend: str
    grave: bool = True
    fix: Fix | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Kind:
    """What findings of one code have in common; `mend` is in general terms.

    `safe`: `invoke doctor --fix` mends it.
    """

    code: str
    what: str
    why: str
    mend: str
    grave: bool = True
    safe: bool = False

    def found(self, what: str, *, mend: str = "", fix: Fix | None = None) -> Finding:
        """It was found: what exactly, and what mends that."""
        return Finding(self.code, what, self.why, mend or self.mend, self.grave, fix)


@dataclass(frozen=True)
class Site:
    """What is looked at: a checkout with its teams, its DAGSTER_HOME, the shell, the machine."""

    teams: tuple[Team, ...]
    home: Path
    environ: Mapping[str, str]
    root: Path = ROOT
    proc: Path = Path("/proc")


def quoted(*paths: Path) -> str:
    """Paths as a shell takes them."""
    return shlex.join(map(str, paths))


def may_write(path: Path) -> bool:
    """Whether this user may write there, as the kernel would say."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def nearest(path: Path) -> Path:
    """The path itself if it is there and this user can see it, else the folder above that is."""
    above = (path, *path.parents)
    # Unlike Path.exists, this takes what is behind a closed folder for what is not there.
    return next(folder for folder in above if os.path.exists(folder))  # noqa: PTH110

"""Rules, which the documentation lists, and findings, each of which belongs to a rule."""

import enum
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devkit.core.paths import ROOT
from devkit.registry.team import Team

# Repairs what was found, and returns what was done.
Repair = Callable[[], str]


class Severity(enum.StrEnum):
    """An error makes `invoke doctor` exit with 1; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what, why it matters, and the command that fixes it.

    `repair` does the same as `fix`, if that can't lose anything.
    """

    code: str
    what: str
    why: str
    fix: str
    severity: Severity = Severity.ERROR
    repair: Repair | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Rule:
    """What all findings of one code have in common, in general terms.

    `safe`: `invoke doctor --fix` can repair it.
    """

    code: str
    what: str
    why: str
    fix: str
    severity: Severity = Severity.ERROR
    safe: bool = False

    def finding(self, what: str, *, fix: str = "", repair: Repair | None = None) -> Finding:
        """A finding of this rule: what exactly was found, and the command that fixes it."""
        return Finding(self.code, what, self.why, fix or self.fix, self.severity, repair)


@dataclass(frozen=True)
class Context:
    """What the checks examine: the teams, DAGSTER_HOME, the variables, the checkout, /proc."""

    teams: tuple[Team, ...]
    home: Path
    environ: Mapping[str, str]
    root: Path = ROOT
    proc: Path = Path("/proc")


def quoted(*paths: Path) -> str:
    """Paths, quoted for a shell."""
    return shlex.join(map(str, paths))


def may_write(path: Path) -> bool:
    """Whether the effective user may write there."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def nearest_existing(path: Path) -> Path:
    """The path itself if it exists and this user can see it, else its nearest parent that does."""
    above = (path, *path.parents)
    # Unlike Path.exists, this does not raise for what lies below a closed folder.
    return next(folder for folder in above if os.path.exists(folder))  # noqa: PTH110

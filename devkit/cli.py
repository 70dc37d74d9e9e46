"""What all commands share: their common options, exit codes, groups, and how teams are named."""

import functools
import inspect
import itertools
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, cast

from invoke.collection import Collection
from invoke.config import Config
from invoke.exceptions import Exit
from invoke.program import Program
from invoke.tasks import Task, task

from devkit import __version__
from devkit.core import bugs, output, parallel, running
from devkit.core.errors import OS_FIXES, DevkitError, fixable
from devkit.core.masking import mask
from devkit.core.paths import ROOT
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams, select

# The revision that changes are compared with by default.
BASE = "origin/main"

HELP = {"--help", "-h"}

# Exit codes besides 0 and 1, which is for what the user can fix.
BUG = 3
INTERRUPTED = 130
TERMINATED = 143

# Options that several commands have: pass them to `command(help=...)`.
TEAM = {"team": "a team's name or location; repeatable, and takes a,b"}
ONE_TEAM = {"team": "a team's name or location"}
AFFECTED = {
    "affected": "only the teams affected by the changes since --base",
    "base": f"the branch, tag or commit to compare with (default: {BASE})",
}
JSON = {"json": "print JSON, for programs"}

COMMON = {"verbose": "show each program before it is run", "jobs": "how much to run side by side"}
COMMON_PARAMETERS = [
    inspect.Parameter("verbose", inspect.Parameter.KEYWORD_ONLY, default=False),
    inspect.Parameter("jobs", inspect.Parameter.KEYWORD_ONLY, default=0),
]

_groups: dict[str, tuple[str, ...]] = {}


class TerminatedError(KeyboardInterrupt):
    """SIGTERM or SIGHUP, which end a command as Ctrl-C does: with nothing left running."""

    def __init__(self, sign: int = signal.SIGTERM) -> None:
        super().__init__()
        self.code = 128 + sign


class Settings(Config):
    """Invoke's own settings: those of the user, for other tasks, change no command here."""

    def _load_file(self, prefix: str, absolute: bool = False, merge: bool = True) -> None:
        """Read no file."""

    def load_shell_env(self) -> None:
        """Read no variable."""


class Commands(Program):
    """Invoke's program, whose list of commands is in groups."""

    def __init__(self) -> None:
        super().__init__(
            name="DagTeam", binary="invoke", version=__version__, config_class=Settings
        )

    def parse_tasks(self) -> None:
        """Read `COMMAND ... --help` as `--help COMMAND`.

        Invoke itself takes `--help` there for the value of an argument that is missing.
        """
        own = list(itertools.takewhile(lambda word: word != "--", self.core.unparsed))
        if own and own[0] in _names() and HELP.intersection(own):
            self.args["help"].value = own[0]
            self.core.unparsed.clear()
        super().parse_tasks()

    def list_flat(self) -> None:
        """Print each group with a line for each command."""
        pairs = {
            name.partition(" ")[0]: (name, text)
            for name, text in self._make_pairs(self.scoped_collection)
        }
        if self.list_root or pairs.keys() != _names():
            super().list_flat()  # another tasks.py than the kit's own
            return
        for title, names in _groups.items():
            output.emit(f"{title}:")
            self.print_columns([pairs[name] for name in names])
        output.emit("invoke COMMAND --help shows a command's options.")


def collection(groups: Mapping[str, Sequence[Task[Any]]]) -> Collection:
    """The collection of all commands, listed in these groups."""
    _groups.clear()
    _groups.update({title: tuple(one.name for one in tasks) for title, tasks in groups.items()})
    return Collection(*(one for tasks in groups.values() for one in tasks))


def command(
    *,
    name: str | None = None,
    help: Mapping[str, str],  # noqa: A002 (invoke's word)
    iterable: Sequence[str] = (),
) -> Callable[[Callable[..., None]], Task[Any]]:
    """A task of invoke with the common options `--verbose` and `--jobs` and this kit's exit codes.

    1 for what the user can fix, 3 for a bug of the kit (with a log), 130 for Ctrl-C, 143 for TERM.
    """

    def decorate(body: Callable[..., None]) -> Task[Any]:
        signature = inspect.signature(body)
        context, *own = signature.parameters.values()
        title = name or body.__name__.replace("_", "-")

        @functools.wraps(body)
        def run(*args: Any, verbose: bool = False, jobs: int = 0, **kwargs: Any) -> None:
            def work() -> None:
                output.set_verbose(verbose)
                parallel.set_jobs(jobs)
                with running.command(title):
                    body(*args, **kwargs)

            _with_exit_codes(work)

        parameters = [context, *_positional_or_keyword(COMMON_PARAMETERS), *own]
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # what invoke reads
            sorted(parameters, key=lambda one: one.default is not inspect.Parameter.empty)
        )
        made = task(
            run,
            name=title,
            help={**COMMON, **help},
            iterable=list(iterable),
        )
        return cast("Task[Any]", made)

    return decorate


def _names() -> set[str]:
    """The names of all commands in groups."""
    return {name for names in _groups.values() for name in names}


def some_teams(names: Sequence[str] = (), *, upstream: bool = False) -> tuple[Team, ...]:
    """The teams of these names, all if there are none; `upstream` adds the teams they depend on."""
    teams = load_teams(ROOT)
    chosen = select(teams, names)
    if upstream and chosen != teams:
        from devkit.definitions.consumers import with_producers

        return with_producers(chosen, teams)
    return chosen


def affected_teams(names: Sequence[str], base: str) -> tuple[Team, ...]:
    """Of the teams of these names (all if there are none) those affected by changes since `base`.

    Raises:
        DevkitError: if the base is not found, or this is no Git work tree.
    """
    from devkit.definitions import affected

    found = affected.affected(load_teams(ROOT), base)
    if found.note:
        output.warn(f"note: {found.note}")
    teams = found.among(some_teams(names))
    if not teams:
        output.warn(f"no team is affected by the changes since {base}")
    return teams


def one_team(name: str) -> Team:
    """The one team of this name.

    Raises:
        DevkitError: if it names none or more than one.
    """
    found = some_teams([name]) if name.strip(" ,") else ()
    if len(found) != 1:
        raise DevkitError(
            f"expected exactly one team, got {name!r}",
            expected=", ".join(team.name for team in load_teams(ROOT)),
            fix="see `invoke teams`",
        )
    return found[0]


def remainder() -> list[str]:
    """The arguments after `--`, as they were given: invoke joins them into one text."""
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []


def _positional_or_keyword(parameters: Sequence[inspect.Parameter]) -> list[inspect.Parameter]:
    """Invoke passes every option by name, but its reader of signatures wants this kind."""
    return [one.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for one in parameters]


def _with_exit_codes(body: Callable[[], None]) -> None:
    """Run a command's body; turn how it ends into an exit code.

    Raises:
        Exit: with the code, and the one message for what the user can fix.
    """
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup leaves it
        signal.signal(signal.SIGHUP, _terminate)
    try:
        body()
    except DevkitError as error:
        raise Exit(mask(str(error)), code=1) from None
    except TerminatedError as end:
        raise Exit(code=end.code) from None
    except KeyboardInterrupt:
        raise Exit(code=INTERRUPTED) from None
    except Exit:
        raise
    except Exception as error:  # noqa: BLE001 (the one place that catches the kit's own bugs)
        if isinstance(error, OSError) and error.errno in OS_FIXES:
            raise Exit(mask(str(fixable(error))), code=1) from None
        raise Exit(bugs.report(traceback.format_exc()), code=BUG) from None


def _terminate(sign: int, _frame: FrameType | None) -> None:
    raise TerminatedError(sign)

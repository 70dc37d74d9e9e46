"""What an adoption ends with, by the kit that is there now: lock, set up, check, test and build."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from devkit.adoption.model import Plan, below
from devkit.core import git, output, parallel
from devkit.core.parallel import Outcome
from devkit.core.processes import Completed
from devkit.kit import commits, record
from devkit.kit.record import Record
from devkit.kit.run import Run, task

CONSTRAINTS = Path(".dagteam", "constraints")
LOCKS = ("local_requirements.txt", "requirements.txt", "deployed_requirements.txt")
KITS_LOCKS = tuple(f"devkit/{folder}{name}" for folder in ("", "orchestrator/") for name in LOCKS)
BASELINE = "devkit/baseline.toml"
MADE = "# inputs: sha256"  # in a line of each lock that the kit made
DERIVED = "`invoke derive`"  # at the top of each file that is generated as a whole
PLACE = re.compile(r"[\w/.-]+:\d+")  # a note without one was information
DAGSTER = re.compile(r"^dagster==(\d+(?:\.\d+)*)", re.MULTILINE)
RELEASED = re.compile(r"^(\S+): the pin (.+) can't be kept$", re.MULTILINE)
WORDS = ("ok ", "FAILED ")  # what the line of a job begins with
RESULT = re.compile(r"^(ok|FAILED) +(\S+)  +(.*)$", re.MULTILINE)
FORMER_HOOK, METADATA = "dagteam/pre-commit", "metadata"  # in Git's folder
NEVER_ENTERED = {".git", "node_modules"}


@dataclass(frozen=True)
class Step:
    """A command of the kit: its arguments, and a word for what it shows of a team."""

    arguments: tuple[str, ...]
    shows: str


STEPS = (
    Step(("setup",), "environment"),
    Step(("check", "--baseline"), "loads"),
    Step(("test",), "tests"),
    Step(("build", "--prove"), "builds"),
)


@dataclass
class Report:
    """What was found out of each team, by step: whether it is well, and in words."""

    teams: dict[str, dict[str, tuple[bool, str]]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)

    def add(self, shows: str, printed: str, names: Sequence[str]) -> None:
        """Read what a command printed: a line for each team."""
        self.released += [": ".join(found) for found in RELEASED.findall(printed)]
        for word, name, text in RESULT.findall(printed):
            if name in names:
                self.teams.setdefault(name, {})[shows] = (word == "ok", text.strip())


def run(plan: Plan, written: Record, message: str, task: Run = task) -> bool:
    """Lock, set up, check, test, build and prove every team, commit what that made, report it.

    Returns whether everything is green. A step that fails does not keep the others from running.
    """
    report, names = Report(), [team.slug for team in plan.teams]
    _write_constraints(plan)
    _step(report, "lock", lambda: task(plan.root, ("lock",)), "locks", names)
    shutil.rmtree(plan.root / CONSTRAINTS, ignore_errors=True)
    if _is_behind(plan):
        upgrade = ("lock", "--team", "orchestrator", "--upgrade")
        _step(report, " ".join(upgrade), lambda: task(plan.root, upgrade), "locks", names)
    for step in STEPS:
        _step(report, " ".join(step.arguments),
              lambda step=step: task(plan.root, step.arguments), step.shows, names)  # type: ignore[misc] # fmt: skip
    _commit(plan, written, message)
    _print(plan, report)
    return not report.failed and not (plan.root / BASELINE).exists()


def keep(root: Path) -> None:
    """Keep what is in this clone only, for `unadopt`: its hook, and which metadata was built in it.

    Installing a project for development leaves `*.egg-info` beside its code.
    """
    hook = root / git.ask("rev-parse", "--git-path", "hooks/pre-commit", root=root).stdout.strip()
    kept = former_hook(root)
    kept.parent.mkdir(exist_ok=True)
    if hook.is_file() and not kept.exists():
        shutil.copy2(hook, kept)
    names = "".join(f"{path.relative_to(root)}\n" for path in metadata(root))
    kept.with_name(METADATA).write_text(names, encoding="utf-8")


def metadata(root: Path) -> Iterator[Path]:
    """The folders of metadata beside the code of the repository at `root`."""
    for directory, folders, _ in os.walk(root):
        yield from (Path(directory, name) for name in folders if name.endswith(".egg-info"))
        folders[:] = [name for name in folders if name not in NEVER_ENTERED and name[:5] != ".venv"]


def _step(
    report: Report, title: str, work: Callable[[], Completed], shows: str, names: Sequence[str]
) -> None:
    """Run a command, and print a line of it; if it fails, all that it printed."""

    def job() -> Outcome:
        done = work()
        report.add(shows, done.combined, names)
        lines = (line for line in done.stdout.splitlines() if line.strip())
        others = [line for line in lines if not line.startswith(WORDS)]
        ok = done.code == 0
        return Outcome(title, ok, others[-1] if ok and others else "", "" if ok else done.combined)

    (outcome,) = parallel.run(title, {title: job})
    if not outcome.ok:
        report.failed.append(title)


def _write_constraints(plan: Plan) -> None:
    """Write today's pins where the first `lock` reads them.

    A team that pins no Dagster gets none that is newer than the orchestrator's, if that will do.
    """
    newest = ".".join(map(str, _dagster(plan.root / KITS_LOCKS[-2])))
    for team in plan.teams:
        pins = list(team.pins)
        if newest and not any(line.startswith("dagster==") for line in pins):
            pins.append(f"dagster<={newest}")
        file = plan.root / CONSTRAINTS / f"{team.slug}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")


def _is_behind(plan: Plan) -> bool:
    """Whether a team has a newer Dagster than the kit's orchestrator, which may not be older."""
    folders = dict.fromkeys(team.project for team in plan.teams)
    wanted = [_dagster(plan.root / below(folder, LOCKS[0])) for folder in folders]
    return max(wanted, default=()) > _dagster(plan.root / KITS_LOCKS[-2])


def _dagster(lock: Path) -> tuple[int, ...]:
    """The version of Dagster in a lock; empty if there is none."""
    text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    found = DAGSTER.search(text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _commit(plan: Plan, written: Record, message: str) -> None:
    """Commit the locks and the baseline, with a record that names them."""
    made = {name: (plan.root / name).read_bytes() for name in _made(plan)}
    fresh = {name: record.digest(made[name]) for name in made if name in written.files}
    others = tuple(sorted(name for name in made if not name.startswith("devkit/")))
    final = replace(written, files={**written.files, **fresh}, generated=others)
    record.write(final, plan.root)
    before = commits.position(plan.root)
    content: Mapping[str, bytes] = {**made, record.NAME: final.text.encode()}
    done = commits.commit(plan.root, before.commit, content, message)
    git.ask("reset", "--quiet", "--mixed", done, root=plan.root)


def _made(plan: Plan) -> Iterator[str]:
    """The files that the commands made: locks, and the baseline."""
    folders = dict.fromkeys(team.project for team in plan.teams)
    names = [below(folder, name) for folder in folders for name in LOCKS]
    for name in dict.fromkeys([*names, *KITS_LOCKS, BASELINE]):
        file = plan.root / name
        if file.is_file() and (name == BASELINE or is_made(file)):
            yield name


def is_made(file: Path) -> bool:
    """Whether the kit made a lock."""
    return MADE in file.read_text(encoding="utf-8", errors="replace")


def _print(plan: Plan, report: Report) -> None:
    """Print a line for each location, then what is left to a person."""
    output.info()
    rows = []
    for team in plan.teams:
        shown = report.teams.get(team.slug, {})
        cells = [_cell(shown.get(shows)) for shows in ("loads", "tests", "builds")]
        rows.append((team.location, f"--team {team.slug}", *cells))
    if rows:
        output.table(("location", "team", "loads", "tests", "builds"), rows)
    if report.released:
        output.info("pins that could not be kept: " + ", ".join(report.released))
    left = [*plan.replaces, *(note for note in plan.notes if PLACE.search(note))]
    left += [
        f"variables of {team.slug}: {', '.join(team.variables)} (in {below(team.project, '.env')})"
        for team in plan.teams
        if team.variables
    ]
    if (plan.root / BASELINE).exists():
        left.append(f"{BASELINE}: what `check` found on the first day; only new findings fail")
    left += [f"`python3 tasks.py {title}` fails: see above" for title in report.failed]
    if left:
        output.block("left to a person", "\n".join(f"- {line}" for line in left))
    if plan.is_new_platform:
        output.info("`python3 tasks.py new-team NAME` makes the first team.")
    else:
        output.info(
            "Review the branch, then merge it; `python3 tasks.py unadopt` takes everything back."
        )


def _cell(found: tuple[bool, str] | None) -> str:
    return "-" if found is None else "yes" if found[0] else "NO"


def former_hook(root: Path) -> Path:
    """Where the hook is kept that this clone had before."""
    common = git.ask("rev-parse", "--git-common-dir", root=root).stdout.strip()
    return Path(os.path.normpath(root / common)) / FORMER_HOOK

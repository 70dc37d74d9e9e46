"""Test suites: which there are, which environment each runs in, and how they are run."""

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from devkit.core import parallel, processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.parallel import Outcome
from devkit.core.paths import ADOPTED, KIT, ROOT, RULES, SHARED, TOOLS
from devkit.environments import variables, venvs
from devkit.environments.venvs import Environment
from devkit.registry import shared
from devkit.registry.team import Team

DEPLOY_TESTS = ROOT / "tests" / "deploy"
EXAMPLES_TEST = ROOT / "tests" / "test_end_to_end.py"
KITS_STYLE = "kit"  # `style` in a project's [tool.dagteam]
NO_TESTS_COLLECTED = 5  # pytest's exit code
COVERED_PERCENT = 80  # of devkit's lines and branches, by the kit's tests in their own process


@dataclass(frozen=True)
class Suite:
    """A command that tests something; exit code 0 means that it passed."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]


def ready(environments: Iterable[Environment]) -> tuple[set[str], list[Outcome]]:
    """Build the stale ones among these; returns the names of those that are ready, and failures."""
    every = list(environments)
    failures = [outcome for outcome in venvs.build_stale(every) if not outcome.ok]
    return {one.name for one in every} - {outcome.name for outcome in failures}, failures


def of_team(team: Team, arguments: Sequence[str] = ()) -> Suite:
    """The team's own tests, in its own environment."""
    tests = (os.path.relpath(path, team.tested_in) for path in team.tests)
    argv = (str(team.python), "-m", "pytest", *tests, *arguments)
    env = variables.of_team(team)
    if team.tested_in != team.cwd:  # which is on Python's path when the code runs
        path = [str(team.import_root), env.get("PYTHONPATH", "")]
        env |= {"PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, path)))}
    return Suite(team.name, argv, team.tested_in, env)


def of_shared(team: Team) -> Suite:
    """The shared package's tests, in a team's environment."""
    argv = (str(team.python), "-m", "pytest", "-q")
    return Suite(f"utils in {team.name}", argv, SHARED, variables.of_team(team))


def of_style(teams: Sequence[Team] = ()) -> list[Suite]:
    """The checks of style: lint, format and types.

    In a repository that has adopted the kit, lint and format of the kit's files, and of the
    projects among those of `teams` that ask for the kit's style; everything else has its own.
    """
    tools = {
        "lint": ("ruff", "check"),
        "format": ("ruff", "format", "--check"),
        "types": ("mypy",),
    }
    if ADOPTED.exists():
        asking = [team.directory for team in teams if team.declared.get("style") == KITS_STYLE]
        projects = [path.relative_to(ROOT).as_posix() for path in dict.fromkeys(asking)]
        where = f"src = {json.dumps(['.', *projects])}"
        rules = ("--no-cache", "--config", str(RULES.relative_to(ROOT)), "--config", where)
        del tools["types"]
        tools = {
            name: (*argv, *rules, "tasks.py", KIT.name, *projects) for name, argv in tools.items()
        }
    return [
        Suite(name, (str(TOOLS / "bin" / program), *arguments), ROOT, clean_environment())
        for name, (program, *arguments) in tools.items()
    ]


def of_kit(
    arguments: Sequence[str] = (), *, examples: bool = False, cover: bool = False
) -> list[Suite]:
    """The kit's own tests, three test files at a time on two cores; none in a repository without.

    A third of their time they wait: for services that start, for a poll, for a disk.
    `examples`: with the test of the example teams, the only one that any team's change can break.
    `cover`: requires that they cover the kit's code; measuring it takes a tenth of their time.
    """
    if ADOPTED.exists() or not DEPLOY_TESTS.is_dir():
        return []
    side_by_side = ("--numprocesses", str(parallel.jobs() * 3 // 2), "--dist", "loadfile")
    longest_first = ("--no-loadscope-reorder",)  # in the order of tests/conftest.py
    others = (DEPLOY_TESTS,) if examples else (DEPLOY_TESTS, EXAMPLES_TEST)
    without = [f"--ignore={path.relative_to(ROOT)}" for path in others]
    coverage = ("--cov", "--cov-report=", f"--cov-fail-under={COVERED_PERCENT}")
    common = ("-rs", *side_by_side, *longest_first, *without)
    return [_pytest("kit", *common, *(coverage if cover else ()), *arguments)]


def of_preparation() -> list[Suite]:
    """What the kit's tests would wait for in the beginning: the repository that they run in."""
    argv = (str(TOOLS / "bin" / "python"), "-m", "testing.sandbox", "prepare")
    return [Suite("kit's sandbox", argv, ROOT, clean_environment())] if of_kit() else []


def of_deploy() -> Suite:
    """The deployment tests: executables, images, a database, an object store."""
    return _pytest("deploy", "-rs", str(DEPLOY_TESTS.relative_to(ROOT)))


def run_deploy(arguments: Sequence[str] = ()) -> None:
    """Run the deployment tests on this terminal: each takes minutes.

    Raises:
        DevkitError: if a test failed, or there are none: they are not the business of a repository
            that has adopted the kit.
    """
    if ADOPTED.exists() or not DEPLOY_TESTS.is_dir():
        raise DevkitError(
            "this repository has no deployment tests of the kit",
            fix="`invoke build --prove` loads what is deployed",
        )
    _run_alone(replace(of_deploy(), argv=(*of_deploy().argv, *arguments)))


def run_all(teams: Sequence[Team], failures: Sequence[Outcome] = ()) -> None:
    """Run every test but the deployment tests: style and teams side by side, then the kit's.

    `failures` are those of the environments that can't be built.

    Raises:
        DevkitError: naming each suite that failed.
    """
    quick = {**_jobs([*of_preparation(), *of_style(teams)]), **_team_jobs(teams)}
    sharing = [team for team in teams if shared.library() and team.has_utils]
    quick |= {f"utils in {team.name}": partial(_run_of, of_shared, team) for team in sharing}
    # The kit's tests start whole platforms, so nothing else runs at the same time.
    outcomes = parallel.run("testing", quick)
    outcomes += _run_kit(examples=True)
    parallel.require([*failures, *outcomes])


def run_kit(arguments: Sequence[str] = (), *, cover: bool = False) -> None:
    """Run the checks of style and the kit's tests; `arguments` are pytest's, `cover` as `of_kit`.

    Raises:
        DevkitError: naming each suite that failed.
    """
    outcomes = parallel.run("testing", _jobs([*of_preparation(), *of_style()]))
    outcomes += _run_kit(arguments, cover=cover)
    parallel.require(outcomes)


def run_teams(
    teams: Sequence[Team], arguments: Sequence[str] = (), failures: Sequence[Outcome] = ()
) -> None:
    """Run the tests of some teams; a single team's run on this terminal, for a debugger.

    `failures` are those of the environments that can't be built.

    Raises:
        DevkitError: naming each team whose tests failed.
    """
    if len(teams) == 1 and not failures:
        _run_alone(of_team(teams[0], arguments))
        return
    outcomes = parallel.run("testing", _team_jobs(teams, arguments)) if teams else []
    parallel.require([*failures, *outcomes])


def run(suite: Suite) -> Outcome:
    """Run one suite to its end; its output is the details of a failure."""
    done = processes.run(suite.argv, cwd=suite.cwd, env=suite.env)
    text = next((line for line in reversed(done.stdout.splitlines()) if line.strip()), "")
    if done.code == NO_TESTS_COLLECTED:
        text = "no tests: each team has at least one, that its definitions load"
    return Outcome(suite.name, done.code == 0, text, details=done.combined if done.code else "")


def _run_kit(
    arguments: Sequence[str] = (), *, examples: bool = False, cover: bool = False
) -> list[Outcome]:
    """Run the kit's tests on this terminal: they take minutes, and name each failure at once.

    In a temporary folder, since killed processes leave files behind.
    """
    with tempfile.TemporaryDirectory(prefix="dt-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o1777)  # as /tmp: some tests run as another user
        suites = [
            replace(suite, env={**suite.env, "TMPDIR": folder})
            for suite in of_kit(arguments, examples=examples, cover=cover)
        ]
        return [_on_terminal(suite) for suite in suites]


def _run_alone(suite: Suite) -> None:
    """Run a suite on this terminal."""
    parallel.require([_on_terminal(suite)])


def _on_terminal(suite: Suite) -> Outcome:
    done = processes.run_in_foreground(suite.argv, cwd=suite.cwd, env=suite.env)
    if done.interrupted and done.code:
        raise KeyboardInterrupt
    return Outcome(suite.name, ok=done.code == 0)


def _pytest(name: str, *arguments: str) -> Suite:
    argv = (str(TOOLS / "bin" / "python"), "-m", "pytest", "-q", *arguments)
    return Suite(name, argv, ROOT, clean_environment())


def _team_jobs(teams: Sequence[Team], arguments: Sequence[str] = ()) -> dict[str, parallel.Work]:
    return {team.name: partial(_run_of, of_team, team, arguments) for team in teams}


def _run_of(suite: Callable[..., Suite], *arguments: object) -> Outcome:
    """Run a team's suite. Its variables are read here: if they can't be, only this suite fails."""
    return run(suite(*arguments))


def _jobs(suites: Sequence[Suite]) -> dict[str, parallel.Work]:
    return {suite.name: partial(run, suite) for suite in suites}

"""`invoke setup`: every environment, DAGSTER_HOME and the git hooks."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from devkit import environments, home, output, parallel, processes
from devkit.bootstrap import ROOT, TOOLS, clean_environment
from devkit.errors import DevkitError
from devkit.workspace import Team


def setup(teams: Sequence[Team]) -> None:
    """Build or refresh what has to be, side by side; tell every result, then fail if one did.

    Raises:
        DevkitError: naming what could not be made.
    """
    where = home.locate()
    orchestrator = environments.orchestrator_environment()

    def hosts() -> str:
        """The orchestrator's environment, then at once the DAGSTER_HOME that it opens."""
        built = environments.build(orchestrator)
        made = home.prepare(where)
        return built if made == home.READY else f"{built}; DAGSTER_HOME {made}"

    units: dict[str, parallel.Work] = {
        environment.name: partial(environments.build, environment)
        for environment in environments.every_environment(teams)
        if environments.stale(environment) and environment != orchestrator
    }
    if environments.stale(orchestrator) or not home.is_ready(where):
        units = {orchestrator.name: hosts} | units
    if not hooks_installed():
        units["git hooks"] = install_hooks
    parallel.require(parallel.run("setting up", units), mend="invoke setup, once it is mended")
    if not units:
        output.say(f"everything is in place: {len(teams)} teams, DAGSTER_HOME {where}")


def hooks_installed() -> bool:
    """Whether git runs pre-commit, or there is no git checkout that could."""
    file = ROOT / ".git" / "hooks" / "pre-commit"
    if not (ROOT / ".git").is_dir():  # an archive, or a worktree, whose main checkout has them
        return True
    return file.exists() and str(TOOLS) in file.read_text(errors="replace")


def install_hooks() -> str:
    """Have git run pre-commit, from the tools' environment, on every commit.

    Raises:
        DevkitError: if pre-commit can't, for instance because core.hooksPath is set.
    """
    argv: list[str | Path] = [TOOLS / "bin" / "python", "-m", "pre_commit", "install"]
    done = processes.run(argv, cwd=ROOT, env=clean_environment())
    if done.code:
        raise DevkitError(
            f"the git hooks can't be installed\n{done.text}",
            mend="see what it says, then run `invoke setup`",
        )
    return "installed"

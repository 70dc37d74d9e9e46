"""`invoke lock`: the dependencies of each project, pinned."""

from invoke.context import Context

from devkit.cli import command, some_teams


@command(
    help={
        "team": "a team, `orchestrator` or `tools`; repeatable, and takes a,b",
        "upgrade": "upgrade every package",
        "package": "upgrade only this package; repeatable",
        "check": "change nothing; fail if a lock is out of date",
        "staged": "with --check: only locks that what is staged changes: for the Git hook",
    },
    iterable=["team", "package"],
)
def lock(
    _: Context,
    team: list[str],
    package: list[str],
    upgrade: bool = False,
    check: bool = False,
    staged: bool = False,
) -> None:
    """Lock the dependencies of every project, or of one."""
    from devkit.environments import lockfiles, project, resolver

    if staged:
        _check_staged()
        return
    projects = project.select_projects(some_teams(), team)
    if check:
        lockfiles.require_fresh(projects)
    else:
        resolver.update(projects, upgrade=upgrade, packages=package)


def _check_staged() -> None:
    from devkit.definitions.staged import staged
    from devkit.environments import project, staged_locks

    with staged() as commit:
        if commit is not None:
            projects = project.all_projects(commit.teams)
            staged_locks.require_fresh(projects, commit.changes.files)

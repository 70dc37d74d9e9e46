"""`invoke outdated`: outdated and vulnerable packages, by project."""

from invoke.context import Context

from devkit.cli import JSON, command, some_teams


@command(
    help=JSON
    | {
        "team": "a team, `orchestrator` or `tools`; repeatable, and takes a,b",
        "all": "transitive dependencies too",
        "osv": "the URL of a mirror of the database of vulnerabilities",
    },
    iterable=["team"],
)
def outdated(
    _: Context, team: list[str], all_: bool = False, json: bool = False, osv: str = ""
) -> None:
    """Show outdated and vulnerable packages by project."""
    from devkit.environments.outdated import show
    from devkit.environments.project import select_projects

    show(select_projects(some_teams(), team), everything=all_, as_json=json, database=osv)

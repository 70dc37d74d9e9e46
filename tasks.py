"""The index of commands: each parses its options and delegates to `devkit`.

`python3 tasks.py COMMAND` needs Python and git only. `invoke COMMAND` is the same, from
whichever installation of invoke: both go on inside `.venv-tools`.
"""

import sys
from functools import partial
from pathlib import Path

from devkit import bootstrap

bootstrap.enter(as_script=__name__ == "__main__")

from invoke.context import Context

from devkit import check as checks
from devkit import environments, installed, locking, locks, output, parallel, shared, shells, suites
from devkit import setup as provisioning
from devkit.cli import BASE, command, one_team, remainder, some_rooms, some_teams, touched_teams

TEAM = {"team": "a team by name or location; can be repeated, and takes a,b"}
AFFECTED = {
    "affected": "only the teams that the changes since --base touch",
    "base": f"the branch, tag or commit to compare with (default: {BASE})",
}


@command(help={})
def setup(_: Context) -> None:
    """Build or refresh every environment, prepare DAGSTER_HOME, install the git hooks."""
    provisioning.setup(some_teams())


@command(
    help=TEAM
    | {
        "upstream": "with --team: also the teams whose assets those read",
        "port": "the UI's port (default: 3000, or the next free one)",
        "host": "the address to listen on (default: 127.0.0.1)",
        "reload": "code is reloaded when it is saved",
        "debug": "a team whose code server an editor's debugger can attach to, on port 5678",
    },
    iterable=["team"],
)
def dev(
    _: Context,
    team: list[str],
    upstream: bool = False,
    port: int = 0,
    host: str = "127.0.0.1",
    reload: bool = True,
    debug: str = "",
) -> None:
    """Run webserver, daemon and every team's code server on one DAGSTER_HOME."""
    from devkit import dev as development  # asyncio and the like, for which only this one waits

    chosen = partial(some_teams, team, upstream=upstream)
    debugged = one_team(debug) if debug else None
    sys.exit(development.run(chosen, host=host, port=port or None, reload=reload, debug=debugged))


@command(
    help=TEAM
    | AFFECTED
    | {
        "kit": "the style and the kit's own tests; no team's",
        "deploy": "what is deployed, and nothing else: executables, images, a database",
    },
    iterable=["team"],
)
def test(
    _: Context,
    team: list[str],
    affected: bool = False,
    base: str = BASE,
    kit: bool = False,
    deploy: bool = False,
) -> None:
    """Run every test; with --team that team's, with pytest's own arguments after --."""
    whole = kit or deploy
    teams = touched_teams(team, base) if affected and not whole else some_teams(team)
    parallel.require(environments.ensure(environments.every_environment(teams)))
    if deploy:
        suites.run_deploy(remainder())
    elif kit:
        suites.run_kit()
    elif team or affected or remainder():
        suites.run_teams(teams, remainder())
    else:
        suites.run_all(teams)


@command(
    help=TEAM
    | AFFECTED
    | {
        "cache": "what has not changed is not loaded again",
        "format": "text, json, or github (annotations in a pull request)",
        "json": "the same as --format json",
        "traceback": "show Dagster's own frames too",
    },
    iterable=["team"],
)
def check(
    _: Context,
    team: list[str],
    affected: bool = False,
    base: str = BASE,
    cache: bool = True,
    format_: str = "text",
    json: bool = False,
    traceback: bool = False,
) -> None:
    """Load every team's definitions, each in its own environment, and hold them together."""
    teams = some_teams()
    chosen = touched_teams(team, base) if affected else some_teams(team)
    form = "json" if json else format_
    if form == "json":
        output.divert()
    checks.check(
        chosen,
        teams,
        unbuilt=environments.unbuilt(teams),
        stale_locks=locks.stale_rooms(some_rooms()),
        fresh=not cache,
        tracebacks=traceback,
        form=form,
    )


@command(
    name="affected",
    help={
        "base": AFFECTED["base"],
        "downstream": "also the teams that read what a touched team makes",
        "json": "one line of JSON: a matrix for CI",
    },
)
def affected_teams(
    _: Context, base: str = BASE, downstream: bool = False, json: bool = False
) -> None:
    """Show the teams that a change touches."""
    from devkit import affected

    if json:
        output.divert()
    teams = some_teams()
    found = affected.affected(teams, base)
    if downstream:
        built = [team for team in teams if team.name not in environments.unbuilt(teams)]
        found = affected.with_downstream(found, teams, built)
    output.answer(affected.as_json(found, teams) if json else affected.as_text(found))


@command(
    help={
        "select": "assets as in Dagster: penguins+, 1+penguins, ml_*, team:ml",
        "format": "mermaid, markdown, json or svg (default: as the output's name ends)",
        "diff": "what changed since this branch, tag or commit, for a pull request",
        "output": "the file to write (default: it is printed)",
    },
)
def lineage(
    _: Context, select: str = "", format_: str = "", diff: str = "", output_: str = ""
) -> None:
    """Draw the graph of assets across teams, or what a branch does to it."""
    from devkit import lineage as pictures

    output.divert()
    teams = some_teams()
    parallel.require(environments.ensure(environments.every_environment(teams)))
    target = Path(output_) if output_ else None
    if diff:
        pictures.compare(teams, diff, select=select, form=format_, target=target)
    else:
        pictures.draw(teams, select=select, form=format_, target=target)


@command(help=TEAM, iterable=["team"])
def utils(_: Context, team: list[str]) -> None:
    """Install utils in every team's environment and prove that it works in each."""
    teams = some_teams(team)
    parallel.require(environments.ensure(map(environments.team_environment, teams)))
    shared.install(teams)


@command(help={"team": TEAM["team"].partition(";")[0]})
def shell(_: Context, team: str) -> None:
    """Open a shell in a team's folder with its environment active."""
    chosen = one_team(team)
    parallel.require(environments.ensure([environments.team_environment(chosen)]))
    sys.exit(shells.interact(chosen))


@command(name="exec", help={"team": TEAM["team"].partition(";")[0]})
def execute(_: Context, team: str) -> None:
    """Run a command in a team's environment: invoke exec --team ml -- python -V."""
    chosen = one_team(team)
    parallel.require(environments.ensure([environments.team_environment(chosen)]))
    sys.exit(shells.execute(chosen, remainder()))


@command(
    help={
        "team": "a team, `orchestrator` or `tools`; can be repeated, and takes a,b",
        "upgrade": "let every pin move",
        "package": "let this package's pin move; can be repeated",
        "check": "change nothing; fail if a lock is older than what it is made from",
    },
    iterable=["team", "package"],
)
def lock(
    _: Context, team: list[str], package: list[str], upgrade: bool = False, check: bool = False
) -> None:
    """Lock the dependencies of every team, or of one, and show what changed."""
    if check:
        locks.require_fresh(some_rooms(team))
    else:
        locking.update(some_rooms(team), upgrade=upgrade, packages=package)


@command(help={})
def teams(_: Context) -> None:
    """Show the registry, and who has which version of what."""
    registry = some_teams()
    output.table(
        ("team", "location", "module", "environment"),
        [
            (
                team.name,
                team.location,
                team.module,
                str(team.environment.relative_to(bootstrap.ROOT)),
            )
            for team in registry
        ],
    )
    output.table(*installed.table(registry))


@command(help=TEAM | AFFECTED, iterable=["team"])
def build(_: Context, team: list[str], affected: bool = False, base: str = BASE) -> None:
    """Make what is deployed: for each team a folder in dist/ that stands alone."""
    from devkit import build as building

    teams = touched_teams(team, base) if affected else some_teams(team)
    building.build(teams, hosts=not team and not affected)


@command(
    help={
        "name": "the team's short name",
        "upstream": "an asset of another team that it reads; can be repeated",
    },
    iterable=["upstream"],
)
def new_team(_: Context, name: str, upstream: list[str]) -> None:
    """Make a team that loads, checks and tests, and is known to everything, or nothing at all."""
    from devkit import new_team as making

    making.make(name, upstream)


@command(
    help={
        "name": "the team's short name or location",
        "yes": "also if work is lost that git does not have",
    }
)
def remove_team(_: Context, name: str, yes: bool = False) -> None:
    """Take a team away with its folder, unless another team reads what it makes."""
    from devkit import remove_team as removal

    removal.remove(name, sure=yes)


@command(
    help=TEAM
    | {
        "all": "also what the named packages bring with them",
        "json": "a list of objects, for programs",
        "osv": "the URL of a mirror of the database of vulnerabilities",
    },
    iterable=["team"],
)
def outdated(
    _: Context, team: list[str], all_: bool = False, json: bool = False, osv: str = ""
) -> None:
    """Show who is behind on what, across teams, and known vulnerabilities."""
    from devkit import outdated as pins

    pins.show(some_rooms(team), everything=all_, as_json=json, database=osv)


@command(help={"fix": "mend what is safe to", "json": "a list of objects, for programs"})
def doctor(_: Context, fix: bool = False, json: bool = False) -> None:
    """Say what is wrong with this machine or checkout, and the command that mends it."""
    from devkit import doctor as surgery

    surgery.run(fix=fix, as_json=json)


@command(
    help={
        "yes": "remove it; else it is only told",
        "home": "also .dagster_home, which holds runs",
    }
)
def clean(_: Context, yes: bool = False, home: bool = False) -> None:
    """Tell what could be made again and how large it is; with --yes, remove it."""
    from devkit import clean as broom

    broom.clean(yes=yes, with_home=home)


@command(help={"check": "change nothing; fail if a file is not what the registry makes it"})
def derive(_: Context, check: bool = False) -> None:
    """Write what is derived from the registry: what editors and deployments are told."""
    from devkit import derived

    derived.require_fresh(some_teams()) if check else derived.write(some_teams())

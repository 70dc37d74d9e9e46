"""`invoke kit`: the kit's version, what was changed in it here, and its update."""

from invoke.context import Context

from devkit.cli import command
from devkit.core import output
from devkit.core.errors import DevkitError


@command(
    help={
        "update": "bring the kit of --from into this repository, on a branch",
        "from": "a clone of DagTeam, or the URL of its Git repository",
        "root": "with --update: another repository than this one",
        "migrate": "after an update from this version: change settings that it needs changed",
    }
)
def kit(
    _: Context, update: bool = False, from_: str = "", root: str = "", migrate: str = ""
) -> None:
    """Show the kit's version and changes, or update it."""
    from pathlib import Path

    from devkit.core.paths import ROOT
    from devkit.kit import migrations, sources, status

    if migrate:
        from devkit.adoption import refresh

        for line in [*migrations.run(ROOT, migrate), *refresh.refresh()]:
            output.info(line)
    elif update:
        from devkit.kit.update import update as run

        where = Path(root).resolve() if root else ROOT
        source = from_ or (str(ROOT) if root else (sources.newest() or ("", ""))[0])
        if not source:
            raise DevkitError(
                "no kit to update from",
                expected="a clone of DagTeam, or the URL of its Git repository",
                fix="`invoke kit --update --from SOURCE`",
            )
        if not run(where, source):
            raise DevkitError("the update is not complete: see above")
    else:
        status.show(from_, Path(root).resolve() if root else ROOT)

"""`invoke derive`: the files that are generated from workspace.yaml."""

from invoke.context import Context

from devkit.cli import command, some_teams


@command(help={"check": "change nothing; fail if a file is out of date"})
def derive(_: Context, check: bool = False) -> None:
    """Regenerate editor and deployment files from workspace.yaml."""
    from devkit.doctor import page
    from devkit.generated import files as generated
    from devkit.generated import pythons

    teams = some_teams()
    texts = generated.files(teams) | page.files()
    if check:
        generated.require_fresh(texts)
    else:
        generated.write(texts)
    for error in pythons.unreadable(teams):
        raise error

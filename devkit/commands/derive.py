"""`invoke derive`: the files that are generated from workspace.yaml."""

from invoke.context import Context

from devkit.cli import command, some_teams
from devkit.core import output
from devkit.core.errors import DevkitError


@command(
    help={
        "check": "change nothing; fail if a file is out of date",
        "staged": "with --check: only files that what is staged changes: for the Git hook",
        "take-over": "in a repository that has adopted the kit, generate these from now on: cloud, "
        "compose, editors or helm; repeatable",
    },
    iterable=["take_over"],
)
def derive(_: Context, take_over: list[str], check: bool = False, staged: bool = False) -> None:
    """Regenerate editor and deployment files from workspace.yaml."""
    from devkit.doctor import page
    from devkit.generated import files as generated
    from devkit.generated import pythons

    if staged:
        _check_staged()
        return
    teams = some_teams()
    if take_over:
        from devkit.generated.take_over import take_over as run

        for line in run(teams, take_over):
            output.info(line)
    texts = generated.files(teams) | page.files()
    if check:
        generated.require_fresh(texts)
    else:
        generated.write(texts)
    for error in pythons.unreadable(teams):
        raise error


def _check_staged() -> None:
    from devkit.core import git
    from devkit.definitions.staged import staged
    from devkit.doctor import page
    from devkit.generated import files as generated
    from devkit.generated import hook

    with staged(also=git.staged_files().files) as commit:
        if commit is None:
            return
        try:
            texts = generated.files(commit.teams) | page.files()
        except DevkitError as error:  # one team's pyproject.toml: other hooks judge it
            if hook.changes_sources(commit):
                raise
            output.warn(f"warning: generated files were not checked, since {error.what}")
            return
        hook.require_fresh(commit, texts)

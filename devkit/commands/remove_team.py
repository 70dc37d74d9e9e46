"""`invoke remove-team`: a team goes with its folder, its entry and all that is generated for it."""

from invoke.context import Context

from devkit.cli import command


@command(
    help={
        "name": "the team's name or location",
        "yes": "also if files are lost that Git does not have",
    }
)
def remove_team(_: Context, name: str, yes: bool = False) -> None:
    """Remove a team, unless another team depends on it."""
    from devkit.scaffolding.remove_team import remove

    remove(name, force=yes)

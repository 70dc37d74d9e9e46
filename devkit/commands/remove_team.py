"""`invoke remove-team`: removes a team's folder, registry entry and generated files."""

from invoke.context import Context

from devkit.cli import command


@command(
    help={
        "name": "the team's name or location",
        "yes": "even if uncommitted files are lost",
    }
)
def remove_team(_: Context, name: str, yes: bool = False) -> None:
    """Remove a team, unless another team depends on it."""
    from devkit.scaffolding.remove_team import remove

    remove(name, force=yes)

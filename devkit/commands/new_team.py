"""`invoke new-team`: creates a team that loads and passes its checks and tests."""

from invoke.context import Context

from devkit.cli import command


@command(
    help={
        "name": "the team's short name",
        "upstream": "an asset of another team that it depends on; repeatable",
    },
    iterable=["upstream"],
)
def new_team(_: Context, name: str, upstream: list[str]) -> None:
    """Create a team; rolled back on failure.

    Creates its files, lock, environment and registry entry, and updates the generated files.
    """
    from devkit.scaffolding.new_team import create

    create(name, upstream)

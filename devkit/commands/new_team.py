"""`invoke new-team`: a team that loads, checks and tests, and that everything else knows."""

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

    Its files, lock, environment and entry in the registry; generated files know it too.
    """
    from devkit.scaffolding.new_team import create

    create(name, upstream)

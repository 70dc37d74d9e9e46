"""`invoke clean`: generated files and their size, and their removal."""

from invoke.context import Context

from devkit.cli import command


@command(
    help={"yes": "remove (default: dry run)", "home": "also .dagster_home, which holds run history"}
)
def clean(_: Context, yes: bool = False, home_: bool = False) -> None:
    """List generated files and their size; with --yes, remove them."""
    from devkit.doctor.clean import clean as run

    run(remove_them=yes, with_home=home_)

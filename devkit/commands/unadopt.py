"""`invoke unadopt`: everything that `adopt` wrote, taken back."""

from invoke.context import Context

from devkit.cli import command


@command(help={})
def unadopt(_: Context) -> None:
    """Take everything back that adopt wrote here."""
    from devkit.adoption import undo
    from devkit.core.paths import ROOT
    from devkit.doctor.clean import require_idle

    require_idle()
    undo.told(ROOT, undo.unadopt())

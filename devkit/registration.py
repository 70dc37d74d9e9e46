"""Changes the registry and all that is derived from it: both, or neither."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from devkit import alterations, cache, derived, environments, lineage, output, registry
from devkit.bootstrap import ROOT
from devkit.probe import Failure
from devkit.workspace import Team

LINEAGE = ROOT / "docs" / "lineage.md"


@contextmanager
def changed(before: Sequence[Team], after: Sequence[Team], text: str) -> Iterator[None]:
    """Let the registry, which lists the teams `before`, have this text, which lists those `after`.

    What is derived for the one and not for the other is deleted. If what is done in this
    context fails or is interrupted, all is as it was.
    """
    old, new = derived.files(before), derived.files(after)
    with alterations.undone_unless_done([registry.FILE, LINEAGE, *old, *new]):
        registry.write(text)
        for path in old.keys() - new.keys():
            path.unlink(missing_ok=True)
        derived.write(after)
        _refresh_lineage(after)
        yield


def _refresh_lineage(teams: Sequence[Team]) -> None:
    """Draw the page of the docs anew, if the repository has it and every team loads."""
    if not LINEAGE.exists():
        return
    built = [team for team in teams if not environments.stale(environments.team_environment(team))]
    loaded = cache.load_all(built)
    broken = [team.name for team in teams if team not in built]
    broken += [one.team.name for one in loaded if isinstance(one, Failure)]
    if broken:
        output.complain(
            f"note: {LINEAGE.relative_to(ROOT)} stays as it was: {', '.join(broken)} does not load"
        )
    else:
        lineage.draw(teams, select="", form="", target=LINEAGE)

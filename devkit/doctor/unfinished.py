"""A check for a team that was half created or half removed when its command was killed."""

from collections.abc import Iterator

from devkit.core import output
from devkit.doctor.findings import Context, Finding, Rule
from devkit.registry import journal
from devkit.registry.team import SUFFIX

HALF = Rule(
    "team-incomplete",
    what="an `invoke new-team` or `remove-team` was killed",
    why="the registry, the generated files and the team's folder may contradict each other",
    fix="`invoke remove-team TEAM` for an incomplete team; `invoke doctor --fix` restores one that "
    "was being removed",
    safe=True,
)


def change(_: Context) -> Iterator[Finding]:
    """`team-incomplete`: only a removal is safe to undo, since that deletes nothing."""
    if found := journal.unfinished():
        team = found.location.removesuffix(SUFFIX)
        removal = found.command == "remove-team"
        yield HALF.finding(
            f"an `invoke {found.command} {team}` was killed",
            fix="`invoke doctor --fix` restores it" if removal else f"`invoke remove-team {team}`",
            repair=restore if removal else None,
        )


def restore() -> str:
    """Undo the unfinished change."""
    with journal.opened() as steps:
        for problem in steps.undo():
            output.warn(f"note: not undone: {problem}")
    return "restored"

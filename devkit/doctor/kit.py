"""Checks of the kit itself, in a repository that has adopted it."""

from collections.abc import Iterator

from devkit.doctor.findings import Context, Finding, Rule, Severity
from devkit.kit import sources, status

MOST_NAMES = 5
EDITED = Rule(
    "kit-edited",
    what="files of the kit were changed in this repository",
    why="an update merges them with the new kit's, which may be a conflict",
    fix="`invoke kit` lists them; change `[tool.dagteam]` or devkit/orchestrator/ instead, if that "
    "will do",
    severity=Severity.WARNING,
)
BEHIND = Rule(
    "kit-behind",
    what="there is a newer kit where this one was last looked for",
    why="what it mends is not mended here",
    fix="`invoke kit --update --from SOURCE`",
    severity=Severity.WARNING,
)


def edited(context: Context) -> Iterator[Finding]:
    """`kit-edited`."""
    if names := status.of(context.root).edited:
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        yield EDITED.finding(f"changed here: {', '.join(names[:MOST_NAMES])}{more}")


def behind(context: Context) -> Iterator[Finding]:
    """`kit-behind`: asks no network, so of a URL it knows what `invoke kit --from` has seen."""
    newest = sources.newest(context.root)
    if newest and sources.is_newer(newest[1], have := status.of(context.root).version):
        source, version = newest
        yield BEHIND.finding(
            f"{source} has version {version}, this is {have}",
            fix=f"`invoke kit --update --from {source}`",
        )

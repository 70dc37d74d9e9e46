"""The asset graph across teams, or what a branch does to it, in some format."""

from collections.abc import Callable, Sequence
from pathlib import Path

from devkit import contracts
from devkit.contracts.snapshot import Finding, Snapshot
from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.definitions import cache
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.lineage import as_json, base_revision, markdown, mermaid, selection, svg
from devkit.lineage.graph import Graph, build, difference, only
from devkit.registry.workspace import Team

FORMS: dict[str, Callable[[Graph], str]] = {
    "mermaid": mermaid.mermaid,
    "markdown": markdown.markdown,
    "json": as_json.as_json,
    "svg": svg.svg,
}
SUFFIXES = {".md": "markdown", ".json": "json", ".svg": "svg"}


def draw(teams: Sequence[Team], *, select: str, form: str, target: Path | None) -> None:
    """Print the teams' graph, or write it to `target`.

    `select` is a selection as `selection.select` takes it, empty for everything; `form` one of
    FORMS, empty for what the target's name says.

    Raises:
        DevkitError: if a team does not load, or `select` or `form` names something unknown.
    """
    whole = build(_known(teams))
    picture = _drawer(form, target)(selection.select(whole, select) if select else whole)
    _hand_over(picture, target)


def compare(
    teams: Sequence[Team], base: str, *, select: str, form: str, target: Path | None
) -> None:
    """Show, for a pull request, what the branch adds to the graph, removes and breaks.

    `form` may be `mermaid` or `svg` for the picture alone.

    Raises:
        DevkitError: if a team does not load, or `base` is not found.
    """
    manifests = _known(teams)
    before = base_revision.manifests_at(base, teams, manifests)
    then, now = build(before.manifests), build(manifests)
    changes = difference(then, now, unknown=before.unknown)
    if select:  # a name may be in either of the two
        keys = selection.select(changes.both, select).by_key
        changes = difference(only(then, keys), only(now, keys), unknown=before.unknown)
    form = form or SUFFIXES.get(target.suffix if target else "", "markdown")
    if form == "markdown":
        picture = markdown.pull_request(changes, _new(manifests, before), before.notes)
    elif form in ("mermaid", "svg"):
        drawer = svg.svg if form == "svg" else mermaid.mermaid
        picture = drawer(changes.both, changes)
    else:
        raise DevkitError(f"unknown format {form!r}", expected="markdown, mermaid or svg")
    _hand_over(picture, target)


def _known(teams: Sequence[Team]) -> list[Manifest]:
    """Every team's manifest: a graph that lacks a team would be wrong without showing it."""
    found = cache.load_all(teams)
    failed = [one.team.name for one in found if isinstance(one, Failure)]
    if failed:
        raise DevkitError(
            f"the graph is incomplete: {', '.join(failed)} does not load", fix="invoke check"
        )
    return [one for one in found if isinstance(one, Manifest)]


def _new(manifests: Sequence[Manifest], before: base_revision.BaseRevision) -> list[Finding]:
    """The contracts that the branch breaks: those that are violated now and were not before.

    The environments of the merge base are unknown: contracts on them are left to `invoke check`.
    """
    then, now = (
        contracts.broken(Snapshot(tuple(one.team for one in some), tuple(some)))
        for some in (before.manifests, manifests)
    )
    known = {(one.code, one.teams, one.keys) for one in then}
    return [one for one in now if (one.code, one.teams, one.keys) not in known]


def _drawer(form: str, target: Path | None) -> Callable[[Graph], str]:
    form = form or SUFFIXES.get(target.suffix if target else "", "mermaid")
    if form not in FORMS:
        raise DevkitError(f"unknown format {form!r}", expected=", ".join(FORMS))
    return FORMS[form]


def _hand_over(picture: str, target: Path | None) -> None:
    if target is None:
        output.emit(picture.rstrip("\n"))
    elif not target.exists() or target.read_text(encoding="utf-8") != picture:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(picture, encoding="utf-8")
        except OSError as error:
            raise DevkitError(
                f"{target} can't be written: {error.strerror or error}",
                fix="name another file with --output",
            ) from None
        inside = target.is_absolute() and target.is_relative_to(ROOT)
        output.info(f"wrote {target.relative_to(ROOT) if inside else target}")

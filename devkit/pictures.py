"""`invoke lineage`: the graph across teams, or what a branch does to it, in some format."""

from collections.abc import Callable, Sequence
from pathlib import Path

from devkit import branches, cache, check, contracts, drawing, lineage, output
from devkit.branches import Past
from devkit.contracts.survey import Finding, Survey
from devkit.errors import DevkitError
from devkit.lineage import Graph
from devkit.manifest import Manifest
from devkit.probe import Failure
from devkit.workspace import Team

FORMS: dict[str, Callable[[Graph], str]] = {
    "mermaid": drawing.mermaid,
    "markdown": drawing.markdown,
    "json": drawing.as_json,
    "svg": drawing.svg,
}
SUFFIXES = {".md": "markdown", ".json": "json", ".svg": "svg"}


def draw(teams: Sequence[Team], *, select: str, form: str, target: Path | None) -> None:
    """Print the teams' graph, or write it to `target`.

    `select` is a selection as `lineage.select` takes it, empty for everything; `form` one of
    FORMS, empty for what the target's name says.

    Raises:
        DevkitError: if a team does not load, or a name of `select` or `form` is not there.
    """
    graph = lineage.build(_known(teams))
    picture = _drawer(form, target)(lineage.select(graph, select) if select else graph)
    _hand_over(picture, target)


def compare(
    teams: Sequence[Team], base: str, *, select: str, form: str, target: Path | None
) -> None:
    """Tell, for a pull request, what the branch adds to the graph, removes and breaks.

    `form` may be `mermaid` or `svg` for the picture alone.

    Raises:
        DevkitError: if a team does not load, or `base` is not there.
    """
    manifests = _known(teams)
    past = branches.manifests_at(base, teams, manifests)
    then, now = (lineage.build(each) for each in (past.manifests, manifests))
    difference = lineage.difference(then, now, unknown=past.unknown)
    if select:  # a name may be one of then or one of today
        keys = lineage.select(difference.both, select).by_key
        then, now = lineage.only(then, keys), lineage.only(now, keys)
        difference = lineage.difference(then, now, unknown=past.unknown)
    form = form or SUFFIXES.get(target.suffix if target else "", "markdown")
    if form == "markdown":
        picture = drawing.pull_request(difference, _new(teams, manifests, past), past.notes)
    elif form in ("mermaid", "svg"):
        drawer = drawing.svg if form == "svg" else drawing.mermaid
        picture = drawer(difference.both, difference)
    else:
        raise DevkitError(
            f"a comparison has no format {form!r}", expected="markdown, mermaid or svg"
        )
    _hand_over(picture, target)


def _known(teams: Sequence[Team]) -> list[Manifest]:
    """Every team's manifest: a graph that lacks a team would be wrong without a sign of it."""
    found = cache.load_all(teams)
    failed = [one.team.name for one in found if isinstance(one, Failure)]
    if failed:
        raise DevkitError(
            f"the graph is not known: {', '.join(failed)} does not load", mend="invoke check"
        )
    return [one for one in found if isinstance(one, Manifest)]


def _new(teams: Sequence[Team], manifests: Sequence[Manifest], past: Past) -> list[Finding]:
    """The contracts that hold no longer: those that are broken now and were not then."""
    then = Survey(tuple(one.team for one in past.manifests), past.manifests)
    before = {(one.code, one.teams, one.keys) for one in contracts.broken(then)}
    now = contracts.broken(check.survey(teams, manifests))
    return [one for one in now if (one.code, one.teams, one.keys) not in before]


def _drawer(form: str, target: Path | None) -> Callable[[Graph], str]:
    form = form or SUFFIXES.get(target.suffix if target else "", "mermaid")
    if form not in FORMS:
        raise DevkitError(f"there is no format {form!r}", expected=", ".join(FORMS))
    return FORMS[form]


def _hand_over(picture: str, target: Path | None) -> None:
    if target is None:
        output.answer(picture.rstrip("\n"))
    elif not target.exists() or target.read_text(encoding="utf-8") != picture:
        target.write_text(picture, encoding="utf-8")
        output.say(f"{target} is up to date now")

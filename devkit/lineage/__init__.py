"""`invoke lineage`: the graph across teams, or what a branch does to it, in some format."""

from collections.abc import Callable, Sequence
from pathlib import Path

from devkit import cache, contracts, output
from devkit.bootstrap import ROOT
from devkit.contracts.survey import Finding, Survey
from devkit.errors import DevkitError
from devkit.lineage import as_json, mermaid, pages, past, selection, svg
from devkit.lineage.graph import Graph, build, difference, only
from devkit.manifest import Manifest
from devkit.probe import Failure
from devkit.workspace import Team

FORMS: dict[str, Callable[[Graph], str]] = {
    "mermaid": mermaid.mermaid,
    "markdown": pages.markdown,
    "json": as_json.as_json,
    "svg": svg.svg,
}
SUFFIXES = {".md": "markdown", ".json": "json", ".svg": "svg"}


def draw(teams: Sequence[Team], *, select: str, form: str, target: Path | None) -> None:
    """Print the teams' graph, or write it to `target`.

    `select` is a selection as `selection.select` takes it, empty for everything; `form` one of
    FORMS, empty for what the target's name says.

    Raises:
        DevkitError: if a team does not load, or a name of `select` or `form` is not there.
    """
    whole = build(_known(teams))
    picture = _drawer(form, target)(selection.select(whole, select) if select else whole)
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
    left = past.manifests_at(base, teams, manifests)
    then, now = (build(each) for each in (left.manifests, manifests))
    changes = difference(then, now, unknown=left.unknown)
    if select:  # a name may be one of then or one of today
        keys = selection.select(changes.both, select).by_key
        changes = difference(only(then, keys), only(now, keys), unknown=left.unknown)
    form = form or SUFFIXES.get(target.suffix if target else "", "markdown")
    if form == "markdown":
        picture = pages.pull_request(changes, _new(manifests, left), left.notes)
    elif form in ("mermaid", "svg"):
        drawer = svg.svg if form == "svg" else mermaid.mermaid
        picture = drawer(changes.both, changes)
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


def _new(manifests: Sequence[Manifest], left: past.Past) -> list[Finding]:
    """The contracts that hold no longer: those that are broken now and were not then.

    Of the environments of then nothing is known: contracts on them are `invoke check`'s.
    """
    then, now = (
        contracts.broken(Survey(tuple(one.team for one in some), tuple(some)))
        for some in (left.manifests, manifests)
    )
    before = {(one.code, one.teams, one.keys) for one in then}
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
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(picture, encoding="utf-8")
        except OSError as error:
            raise DevkitError(
                f"{target} can't be written: {error.strerror or error}",
                mend="name another file with --output",
            ) from None
        inside = target.is_absolute() and target.is_relative_to(ROOT)
        output.say(f"{target.relative_to(ROOT) if inside else target} is up to date now")

"""Draws the asset graph across teams, or a branch's changes to it, in several formats."""

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
from devkit.registry.team import Team

FORMS: dict[str, Callable[[Graph], str]] = {
    "mermaid": mermaid.mermaid,
    "markdown": markdown.markdown,
    "json": as_json.as_json,
    "svg": svg.svg,
}
SUFFIXES = {".md": "markdown", ".json": "json", ".svg": "svg"}


def draw(teams: Sequence[Team], *, select: str, form: str, target: Path | None) -> None:
    """Print the teams' graph, or write it to `target`.

    `select` is an expression for `selection.select`, empty for everything. `form` is one of FORMS,
    empty to choose it by the target's suffix.

    Raises:
        DevkitError: if a team does not load, or `select` or `form` names something unknown.
    """
    whole = build(_known(teams))
    text = _drawer(form, target)(selection.select(whole, select) if select else whole)
    _deliver(text, target)


def require_fresh(teams: Sequence[Team], *, select: str, form: str, target: Path) -> None:
    """Require that a file is what `draw` would write.

    Raises:
        DevkitError: if it is not, and as `draw` does.
    """
    whole = build(_known(teams))
    text = _drawer(form, target)(selection.select(whole, select) if select else whole)
    if not target.exists() or target.read_text(encoding="utf-8", errors="replace") != text:
        raise DevkitError(f"out of date: {target}", fix=f"invoke lineage --output {target}")


def compare(
    teams: Sequence[Team], base: str, *, select: str, form: str, target: Path | None
) -> None:
    """Print or write a comment for a pull request: the branch's changes to the graph.

    `form` may be `mermaid` or `svg` for only the picture.

    Raises:
        DevkitError: if a team does not load, or `base` is not found.
    """
    manifests = _known(teams)
    revision = base_revision.manifests_at(base, teams, manifests)
    before, after = build(revision.manifests), build(manifests)
    changes = difference(before, after, unknown=revision.unknown)
    if select:  # the asset may be in either graph
        keys = selection.select(changes.both, select).by_key
        changes = difference(only(before, keys), only(after, keys), unknown=revision.unknown)
    form = form or SUFFIXES.get(target.suffix if target else "", "markdown")
    if form == "markdown":
        violations = _new_violations(manifests, revision.manifests)
        text = markdown.pull_request(changes, violations, revision.notes)
    elif form in ("mermaid", "svg"):
        drawer = svg.svg if form == "svg" else mermaid.mermaid
        text = drawer(changes.both, changes)
    else:
        raise DevkitError(f"unknown format {form!r}", expected="markdown, mermaid or svg")
    _deliver(text, target)


def _known(teams: Sequence[Team]) -> list[Manifest]:
    """Every team's manifest; a graph without some team would be wrong and not look it."""
    loaded = cache.load_all(teams)
    failed = [failure.team.name for failure in loaded if isinstance(failure, Failure)]
    if failed:
        raise DevkitError(
            f"the graph is incomplete: {', '.join(failed)} does not load", fix="invoke check"
        )
    return [manifest for manifest in loaded if isinstance(manifest, Manifest)]


def _new_violations(manifests: Sequence[Manifest], before: Sequence[Manifest]) -> list[Finding]:
    """The contract violations that were not there at the merge base.

    Leaves contracts on environments to `invoke check`: those of the merge base are unknown.
    """
    old = {(one.code, one.teams, one.keys) for one in _violations(before)}
    return [one for one in _violations(manifests) if (one.code, one.teams, one.keys) not in old]


def _violations(manifests: Sequence[Manifest]) -> list[Finding]:
    teams = tuple(manifest.team for manifest in manifests)
    return contracts.broken(Snapshot(teams, tuple(manifests)))


def _drawer(form: str, target: Path | None) -> Callable[[Graph], str]:
    form = form or SUFFIXES.get(target.suffix if target else "", "mermaid")
    if form not in FORMS:
        raise DevkitError(f"unknown format {form!r}", expected=", ".join(FORMS))
    return FORMS[form]


def _deliver(text: str, target: Path | None) -> None:
    """Print a text, or write it to a file that differs from it."""
    if target is None:
        emit = output.emit_json if text.startswith("{") else output.emit
        emit(text.rstrip("\n"))
    elif not target.exists() or target.read_text(encoding="utf-8") != text:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise DevkitError(
                f"{target} can't be written: {error.strerror or error}",
                fix="name another file with --output",
            ) from None
        inside = target.is_absolute() and target.is_relative_to(ROOT)
        output.info(f"wrote {target.relative_to(ROOT) if inside else target}")

"""Keeps the lineage page up to date: the Git hook.

The page of a commit shows the definitions in that commit. If it was out of date before, and the
commit does not change the graph, that is a line of warning.
"""

from collections.abc import Iterable
from pathlib import Path

from devkit.core import git, output
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.definitions import staged
from devkit.definitions.manifest import Manifest
from devkit.definitions.staged import Staged
from devkit.lineage.graph import build
from devkit.lineage.markdown import markdown


def refresh(target: Path, root: Path = ROOT) -> None:
    """Write the page if what is staged changes the graph, or the page; `target` is below the root.

    Raises:
        DevkitError: if it was out of date.
    """
    name = target.as_posix()
    with staged.staged(root, also=[name]) as commit:
        if commit is None:
            return
        found = staged.load(commit, commit.teams)
        manifests = [one for one in found.values() if isinstance(one, Manifest)]
        if broken := [each for each, one in found.items() if one not in manifests]:
            output.warn(f"warning: {name} was not checked: {', '.join(broken)} does not load")
            return
        text = markdown(build(manifests))
        page = git.read_at("", name, root)
        if page == text:
            return
        if name not in commit.changes.files and _is_same(commit, manifests, text):
            output.warn(f"warning: {name} is out of date, which this commit did not cause")
            return
    if page is not None:
        (root / target).write_text(text, encoding="utf-8")
        raise DevkitError(
            f"{name} was out of date, and has been written",
            fix=f"review it, then `git add {name}` and commit again",
        )


def _is_same(commit: Staged, after: Iterable[Manifest], text: str) -> bool:
    """Whether the graph at HEAD had the same page."""
    found = staged.before(commit, [*after])
    return (
        found is not None
        and not found.unknown
        and len(found.manifests) == len(found.teams)
        and markdown(build(found.manifests)) == text
    )

"""Which project a location has: its own folder's, a shared environment, or a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from devkit.adoption.inventory import Found
from devkit.adoption.located import Located
from devkit.adoption.model import Question, below
from devkit.adoption.modules import project_of
from devkit.adoption.needs import Needs
from devkit.adoption.tree import Tree, joined
from devkit.registry.team import default_name

TEAMS = "teams"
SPLIT, KEEP = "split", "keep"
ENVIRONMENTS = "environments"


@dataclass(frozen=True)
class Choice:
    """The project of a location: `origin` is where its dependencies are now, None if nowhere.

    `python` is the interpreter of its environment, relative to the root; `why` is a sentence for
    the plan, empty where there is nothing to say.
    """

    folder: str
    is_new: bool
    python: str
    origin: Found | None
    needs: Needs
    why: str = ""


def slugs(locations: Sequence[str]) -> dict[str, str]:
    """The short name of each location; a second one of the same letters gets a number."""
    found: dict[str, str] = {}
    for location in locations:
        slug = default_name(location) or "location"
        number = 1
        while slug in found.values():
            number += 1
            slug = f"{default_name(location)}_{number}"
        found[location] = slug
    return found


def choose(
    tree: Tree,
    projects: Mapping[str, Found],
    every: Sequence[Located],
    short: Mapping[str, str],
    environments: str = SPLIT,
) -> dict[str, Choice]:
    """The project of each location.

    `environments` is what becomes of one that several locations share: `split` or `keep`.
    """
    nearest = {one.location: project_of(one.anchor, projects) for one in every}
    made = {}
    for one in every:
        folder = nearest[one.location]
        origin = projects[folder] if folder is not None else None
        others = [name for name, its in nearest.items() if its == folder and name != one.location]
        slug = short[one.location]
        made[one.location] = (
            _own(tree, one, origin, slug)
            if origin and not others
            else _shared(tree, projects, one, origin, slug, others, environments)
        )
    return made


def question(projects: Mapping[str, Found], every: Sequence[Located]) -> Question | None:
    """Whether environments stay shared: asked where a registry names one for several locations."""
    named: dict[str, list[Located]] = {}
    for one in every:
        python = declared_python(projects, one)
        if python:
            named.setdefault(python, []).append(one)
    shared = {python: users for python, users in named.items() if len(users) > 1}
    alone = [
        users for users in shared.values()
        if len({project_of(one.anchor, projects) for one in users}) == 1
    ]  # fmt: skip
    if not alone:
        return None
    first = alone[0][0].declared
    names = ", ".join(one.location for one in alone[0])
    return Question(
        key=ENVIRONMENTS,
        text=f"{names} share one environment. `keep` it, or `split` it: one for each, so that "
        "none can break another's dependencies?",
        choices=(KEEP, SPLIT),
        default=KEEP,
        file=first.file,
        line=first.line,
    )


def declared_python(projects: Mapping[str, Found], located: Located) -> str | None:
    """The interpreter that the registry names, if it can stay: in an environment of a project."""
    text = str(located.declared.fields.get("executable_path") or "")
    path = joined(".", text) if text else None
    if not path:
        return None
    parts = PurePosixPath(path).parts
    is_usual = len(parts) > 2 and parts[-2:] == ("bin", "python") and parts[-3].startswith(".venv")  # noqa: PLR2004
    folder = PurePosixPath(path).parent.parent.parent.as_posix()
    return path if is_usual and folder in projects else None


def _own(tree: Tree, located: Located, origin: Found, slug: str) -> Choice:
    """A project that is the location's alone stays where it is, if it can be installed."""
    folder = origin.folder
    reason = _unusable(tree, origin)
    if reason:
        return _new(tree, origin, slug, reason)
    python = below(folder, f".venv-{slug}/bin/python")
    declared = declared_python({folder: origin}, located)
    is_new = origin.form in ("requirements", "pipfile")
    why = f"it had none, only {origin.file}" if is_new else ""
    return Choice(folder, is_new, declared or python, origin, origin.needs, why)


def _unusable(tree: Tree, origin: Found) -> str | None:
    """Why a project can't be the location's as it stands."""
    if origin.fault:
        return f"{origin.file} can't be installed: {origin.fault}"
    if origin.extends:
        return f"{origin.needs.found.get('dependencies', origin.file)} adds to {origin.file}"
    has_file = tree.has(below(origin.folder, "pyproject.toml"))
    if origin.form in ("requirements", "pipfile") and has_file:
        return f"{below(origin.folder, 'pyproject.toml')} has no dependencies"
    return None


def _shared(
    tree: Tree,
    projects: Mapping[str, Found],
    located: Located,
    origin: Found | None,
    slug: str,
    others: Sequence[str],
    environments: str,
) -> Choice:
    """A project for a location that has none of its own."""
    python = declared_python(projects, located)
    if python and environments == KEEP:
        folder = PurePosixPath(python).parent.parent.parent.as_posix()
        kept = projects[folder]
        if kept.is_project and not _unusable(tree, kept):
            why = f"shared with {', '.join(others)}" if others else ""
            return Choice(
                folder, is_new=False, python=python, origin=kept, needs=kept.needs, why=why
            )
    if origin is None:
        return _new(tree, None, slug, "the repository names no dependencies for it")
    return _new(tree, origin, slug, f"{origin.file} is shared by {len(others) + 1} locations")


def _new(tree: Tree, origin: Found | None, slug: str, why: str) -> Choice:
    names = (f"{TEAMS}/{slug}", f"{TEAMS}/{slug}_location", f"locations/{slug}")
    folder = next((each for each in names if each not in tree.folders), f"{TEAMS}/_{slug}")
    needs = origin.needs if origin else Needs()
    python = below(folder, f".venv-{slug}/bin/python")
    return Choice(folder, is_new=True, python=python, origin=origin, needs=needs, why=why)

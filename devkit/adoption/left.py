"""What an adoption leaves to a person: in a sentence, with file and line, and what to do."""

from collections.abc import Iterable, Iterator, Mapping

from devkit.adoption.choice import Choice
from devkit.adoption.located import Located
from devkit.adoption.model import PlannedTeam, below
from devkit.adoption.needs import name_of
from devkit.adoption.survey import Code
from devkit.adoption.teams import Context
from devkit.adoption.tree import Tree
from devkit.core.wording import few

MOST = 3
ENVIRONMENT_SCRIPTS = ("venv", "uv sync", "pip install", "poetry install")


def notes(
    context: Context,
    every: Iterable[Located],
    codes: Mapping[str, Code],
    teams: Iterable[PlannedTeam],
) -> Iterator[str]:
    """All of them, those of single locations first."""
    planned = {team.location: team for team in teams}
    every = list(every)
    yield from _of_projects([context.choices[one.location] for one in every])
    for one in every:
        code, chosen = codes[one.location], context.choices[one.location]
        yield from _of_code(one, code)
        yield from _of_project(context, one, chosen, planned[one.location])
    yield from _of_repository(context.tree, planned.values())


def runtime(tree: Tree, codes: Iterable[Code]) -> Iterator[str]:
    """The data and the history that stay where they are: working directories do not change."""
    paths = {path: place for code in codes for path, place in code.paths.items()}
    shown = [f"{path} ({place})" for path, place in paths.items()]
    if shown:
        yield f"relative paths, from the same working directories: {', '.join(few(shown, MOST))}"
    homes = [file for file in tree.named(r"dagster\.yaml") if file.count("/") <= 1]
    if homes:
        yield (f"history: locations keep their names; set DAGSTER_HOME to keep that of {homes[0]}")


def _of_code(located: Located, code: Code) -> Iterator[str]:
    name = located.location
    if located.file is None:
        yield (
            f"{located.declared.place}: {located.declared.value}, the code of {name}, is not in "
            "this repository: it loads only if a dependency brings it"
        )
    for what, place in list(code.foreign.items())[:MOST]:
        yield (
            f"{place}: {name} imports code of {what}: it works only where both are installed; "
            "share it in a library, or read the other's assets by their keys"
        )
    for fault in code.unreadable[:MOST]:
        yield f"{fault}: not read: its imports are not followed"
    for path, place in code.named.items():
        yield f"{place} names {path}: it is taken as a library of {name}"


def _of_projects(choices: Iterable[Choice]) -> Iterator[str]:
    """Why projects are where they are, once for all that are there for one reason."""
    folders: dict[tuple[str, bool], list[str]] = {}
    for chosen in choices:
        if chosen.why:
            folders.setdefault((chosen.why, chosen.is_new), []).append(chosen.folder)
    for (why, is_new), every in folders.items():
        found = list(dict.fromkeys(every))
        what = f"{'new ' if is_new else ''}project{'s' if len(found) > 1 else ''}"
        yield f"{what} {', '.join(few(found, MOST))}: {why}"


def _of_project(
    context: Context, located: Located, chosen: Choice, team: PlannedTeam
) -> Iterator[str]:
    name, tree = located.location, context.tree
    yield from chosen.needs.notes
    yield from _elsewhere(chosen)
    if not chosen.is_new and team.python and not team.requires_python:
        yield (
            f"{team.found.get('python', '')}: {name} runs on Python {team.python}: say so by "
            f"`requires-python` in {below(chosen.folder, 'pyproject.toml')}"
        )
    if chosen.origin is None:
        yield f"{name}: its dependencies are guessed by its imports: {', '.join(team.dependencies)}"
    for text, place in chosen.needs.outside.items() if chosen.is_new else ():
        yield f"{place}: {text} is outside of this repository: {name} does not have it"
    missing = [path for path in chosen.needs.paths if path not in tree.folders]
    for path in missing:
        yield f"{chosen.needs.paths[path]}: {path} is not in this repository"
    for lock in ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"):
        file = below(chosen.folder, lock)
        if "dependency-groups" in team.additions and tree.has(file):
            yield f"{file} does not know the new group `dev`: `uv lock` or the like adds it"
    if chosen.origin and tree.has(below(chosen.origin.folder, "environment.yml")):
        file = below(chosen.origin.folder, "environment.yml")
        yield f"{file}: packages of conda are not taken over; uv installs those of an index"
    points = tree.toml(below(chosen.origin.folder if chosen.origin else ".", "pyproject.toml"))
    if chosen.is_new and points.get("project", {}).get("entry-points"):
        place = tree.place(below(chosen.origin.folder if chosen.origin else ".", "pyproject.toml"),
                           "entry-points")  # fmt: skip
        yield f"{place}: entry points are not installed for {name}, whose project is only a list"


def _elsewhere(chosen: Choice) -> Iterator[str]:
    """Dependencies that come from Git repositories, where no requirements file has said so."""
    told = " ".join(chosen.needs.notes)
    for requirement in (*chosen.needs.dependencies, *chosen.needs.dev):
        if "git+" in requirement and name_of(requirement) not in told:
            place = chosen.needs.found.get("dependencies", chosen.folder)
            yield (
                f"{place}: {name_of(requirement)} comes from a Git repository: machines and images "
                "need access to it, and no lock can hold its hash"
            )


def _of_repository(tree: Tree, teams: Iterable[PlannedTeam]) -> Iterator[str]:
    for file in (".env", "dagster_home/.env"):
        if (tree.root / file).is_file():
            projects = sorted({team.project for team in teams} - {"."})
            if projects:
                yield (
                    f"{file}: each team reads the .env of its project: copy what it needs to "
                    + ", ".join(below(one, ".env") for one in projects[:MOST])
                    + (" ..." if len(projects) > MOST else "")
                )
    for file in tree.named(r"[\w.-]+\.sh|Makefile|[Jj]ustfile|package\.json"):
        for word in ENVIRONMENT_SCRIPTS:
            line = tree.line(file, rf"\b{word}\b")
            if line and file.count("/") <= 1:
                yield f"{file}:{line} builds environments: `python3 tasks.py setup` does, too"
                break

"""What is in the way of an adoption: a taken place, a Python that is not here, a folder outside."""

from collections.abc import Iterable, Iterator, Mapping

from devkit.adoption import wanted_pythons
from devkit.adoption.choice import Choice
from devkit.adoption.model import Obstacle, PlannedTeam
from devkit.adoption.teams import Context


def obstacles(context: Context, made: Iterable[PlannedTeam]) -> Iterator[Obstacle]:
    """All of them, each once."""
    tree = context.tree
    yield from dict.fromkeys(_outside(context.choices))
    for name in ("tasks.py", "devkit"):
        if tree.has(name) or name in tree.folders:
            yield Obstacle(
                name, 0, f"{name} is there already", "a free place for the kit",
                "`python3 tasks.py kit` in it, if it is this kit; else rename it",
            )  # fmt: skip
    seen = set()
    for team in made:
        place = team.found.get("requires_python") or team.found.get("python") or team.project
        found = wanted_pythons.fault(team.requires_python, place) if team.requires_python else None
        if found and found not in seen:
            seen.add(found)
            yield found


def _outside(choices: Mapping[str, Choice]) -> Iterator[Obstacle]:
    """The folders outside of the repository that a project needs, where the file stays as it is."""
    for chosen in choices.values():
        for text, place in chosen.needs.outside.items() if not chosen.is_new else ():
            file, _, line = place.partition(":")
            yield Obstacle(
                file,
                int(line or 0),
                f"{text} is outside of this repository",
                "a folder below the root, or a package of an index",
                f"move it into the repository, and correct {file}",
            )

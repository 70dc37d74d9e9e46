"""The plan as a page: every team with each field and where it was found, and what is left."""

from collections.abc import Iterator, Sequence

from devkit.adoption.model import Plan, PlannedTeam
from devkit.core.wording import counted, few

MOST_DEPENDENCIES = 12
MOST_FILES = 30
WIDTH = 11  # of the column of names


def text(plan: Plan) -> str:
    """The whole page."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    if plan.is_new_platform and not plan.questions:
        yield f"{plan.root}: a new platform, with no team yet"
    else:
        count = counted(len(plan.teams), "location")
        yield f"{plan.root}: {count}, from {plan.source_file or 'nothing yet'}"
    if plan.git_prefix:
        yield f"  below Git's top: {plan.git_prefix}"
    for team in plan.teams:
        yield ""
        yield from _team(team)
    for remote in plan.remotes:
        yield ""
        yield f"elsewhere {remote.location}   a gRPC server, kept as it is   {remote.found}"
    yield ""
    yield from _list("writes", few(plan.writes, MOST_FILES))
    yield from _row("moves", "nothing, and overwrites nothing")
    yield from _list("stays", [", ".join(few(plan.stays, MOST_DEPENDENCIES))] if plan.stays else [])
    yield from _list("runtime", plan.runtime)
    yield from _list("change", plan.replaces)
    for key, answer in plan.answers.items():
        yield from _row("answer", f"{key} = {answer}")
    yield ""
    yield from _list("note", plan.notes)
    yield from _left(plan)


def _team(team: PlannedTeam) -> Iterator[str]:
    found = team.found
    what = f"{team.kind} {team.value}" + (f":{team.attribute}" if team.attribute else "")
    yield f"team {team.slug}   location {team.location}   {what}   {found['location']}"
    new = " (new)" if team.project_is_new else ""
    yield from _row("project", f"{team.project}{new}")
    loads = f"from {team.import_root}, runs in {team.runs_in}"
    yield from _row("loads", loads)
    yield from _row("sources", ", ".join(team.sources) or "none found")
    if team.libraries:
        yield from _row("libraries", ", ".join(team.libraries))
    if team.inputs:
        yield from _row("inputs", ", ".join(team.inputs))
    needs = " ".join(few(team.dependencies, MOST_DEPENDENCIES))
    yield from _row("needs", needs or "nothing that could be read", found.get("dependencies"))
    if team.dev_dependencies:
        dev = " ".join(few(team.dev_dependencies, MOST_DEPENDENCIES))
        yield from _row("dev", dev, found.get("dev"))
    pins = f"{len(team.pins)}, kept by the first lock" if team.pins else "none: today's are locked"
    yield from _row("pins", pins, team.pins_from)
    if team.requires_python or team.python:
        place = found.get("requires_python") or found.get("python")
        yield from _row("python", team.requires_python or team.python, place)
    tests = ", ".join(few(team.tests, MOST_DEPENDENCIES))
    yield from _row("tests", tests, "a new one: the code loads" if team.smoke_test else None)
    if team.variables:
        yield from _row("variables", ", ".join(few(team.variables, MOST_DEPENDENCIES)))


def _left(plan: Plan) -> Iterator[str]:
    for question in plan.questions:
        yield ""
        place = f"{question.file}:{question.line}: " if question.file else ""
        yield f"QUESTION  {place}{question.text}"
        if question.choices:
            yield f"  choices:  {', '.join(question.choices)}"
        yield f'  answer:   {question.key} = "..." in the file of --answers'
    for obstacle in plan.obstacles:
        yield ""
        yield f"OBSTACLE  {obstacle.place}: {obstacle.what}"
        yield f"  expected: {obstacle.expected}"
        yield f"  fix:      {obstacle.fix}"
    yield ""
    yield (
        f"{counted(len(plan.questions), 'open question')}, "
        f"{counted(len(plan.obstacles), 'obstacle')}, {counted(len(plan.notes), 'note')}"
    )


def _row(name: str, value: str, place: str | None = None) -> Iterator[str]:
    yield f"  {name:<{WIDTH}}{value}" + (f"   ({place})" if place else "")


def _list(name: str, values: Sequence[str]) -> Iterator[str]:
    for number, value in enumerate(values):
        yield from _row(name if number == 0 else "", value)

"""Plans an adoption: reads a repository, and decides what each of its code locations becomes."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from devkit.adoption import (
    choice,
    containers,
    declarations,
    in_the_way,
    inventory,
    left,
    platform,
    registry_text,
    search,
    teams,
)  # fmt: skip
from devkit.adoption.declarations import Result
from devkit.adoption.declared import Declared
from devkit.adoption.located import Located, locate, own_code
from devkit.adoption.model import NewFile, Plan, PlannedTeam, Question, below
from devkit.adoption.python_files import Reader
from devkit.adoption.questions import Answers
from devkit.adoption.survey import Code, Surveyor
from devkit.adoption.teams import Context
from devkit.adoption.tree import Tree
from devkit.adoption.workspace_files import NAME
from devkit.core.errors import DevkitError

ALL = "all"
DEPLOYED = "workspace.deployed.yaml"


def plan(root: Path, answers: Answers, workspace: str | None = None) -> Plan:
    """Everything that an adoption will do; nothing is written, and no code of it is run.

    `workspace` is the file that declares the locations, relative to the root.

    Raises:
        DevkitError: if the folder or that file is not there, or an answer is none of the choices.
    """
    tree = _tree(root, workspace)
    reader = Reader(tree)
    declared = declarations.find(tree, workspace)
    if not (declared.locations or declared.remotes or declared.obstacles):
        if platform.is_empty(tree):
            return platform.plan(tree, answers.used)
        declared = _searched(tree, reader, answers)
        if not declared.locations and not answers.open:
            return platform.plan(tree, answers.used)
    return _planned(tree, reader, declared, answers)


def _tree(root: Path, workspace: str | None) -> Tree:
    if not root.is_dir():
        raise DevkitError(
            f"{root} is no folder", expected="the repository to adopt", fix="check the path"
        )
    tree = Tree(root.resolve())
    if workspace and not tree.has(workspace):
        raise DevkitError(
            f"{workspace} is not found in {root}",
            expected="a file below the root, that Git does not ignore",
            fix="check --workspace",
        )
    return tree


def _searched(tree: Tree, reader: Reader, answers: Answers) -> Result:
    """The locations that a person chooses, where nothing declares any."""
    found = search.candidates(tree, reader)
    if not found:
        question = Question(
            "platform",
            "there is no code of Dagster here: begin a new platform, with no team yet?",
            ("yes", "no"),
        )
        if answers.answer(question) == "no":
            raise DevkitError(
                "no code location found", fix="name the file that declares them by --workspace"
            )
        return Result()
    by_name = {one.location: one for one in found}
    question = Question(
        "locations",
        "nothing declares a code location; these files make definitions. Which are locations? "
        f"(`{ALL}`, or names with commas between them) "
        + "; ".join(f"{one.location}: {one.place}" for one in found),
        (ALL, *by_name),
        ALL if len(found) == 1 else None,
        found[0].file,
        found[0].line,
    )
    answer = answers.answer(question)
    names = [part.strip() for part in (answer or "").split(",") if part.strip()]
    chosen: Iterable[Declared] = (
        found if ALL in names else [by_name[name] for name in names]
    )  # fmt: skip
    return Result("search", tuple(chosen))


def _planned(tree: Tree, reader: Reader, declared: Result, answers: Answers) -> Plan:
    every = [locate(tree, one) for one in declared.locations]
    every = list({one.location: one for one in reversed(every)}.values())[::-1]
    projects = inventory.projects(tree)
    sources = {one.location: own_code(tree, one, every) for one in every}
    surveyor = Surveyor(tree, reader, projects, sources)
    short = choice.slugs([one.location for one in every])
    question = choice.question(projects, every)
    environments = answers.answer(question) if question else choice.SPLIT
    choices = choice.choose(tree, projects, every, short, environments or choice.SPLIT)
    context = Context(tree, reader, projects, surveyor, choices, short, tuple(every))
    codes = {one.location: surveyor.survey(one, choices[one.location].needs.names) for one in every}
    made = tuple(teams.plan(context, one, codes[one.location]) for one in every)
    return _assembled(context, declared, every, codes, made, answers)


def _assembled(
    context: Context,
    declared: Result,
    every: list[Located],
    codes: Mapping[str, Code],
    made: tuple[PlannedTeam, ...],
    answers: Answers,
) -> Plan:
    tree = context.tree
    is_edited = declared.source == NAME and not declared.servers_here
    text = None if is_edited else registry_text.text(made, declared.remotes, declared.source)
    new_files = [_example(team) for team in made if team.project_is_new and team.variables]
    mounts = containers.mounts_of(tree, NAME) if tree.has(NAME) else []
    if declared.servers_here or mounts:
        new_files.append(NewFile(DEPLOYED, tree.text(NAME)))
    replaces = [
        f"{file}:{line} gives {NAME} to a container, which needs the entries as they were: name "
        f"{DEPLOYED} there, a copy of them"
        for file, line in mounts
    ]
    kept = [file for file in new_files if not tree.has(file.path)]
    registry = "entries edited in place" if is_edited else "new"
    if tree.has(NAME) and not is_edited:
        registry = f"with entries for the code that is here; {DEPLOYED} is it as it was"
    return Plan(
        root=tree.root,
        git_prefix=tree.git_prefix,
        source_file=declared.source,
        teams=made,
        remotes=declared.remotes,
        registry=text,
        new_files=tuple(kept),
        writes=tuple(_writes(made, kept, registry)),
        replaces=tuple(replaces),
        stays=tuple(_stays(tree)),
        runtime=tuple(left.runtime(tree, codes.values())),
        obstacles=(*declared.obstacles, *in_the_way.obstacles(context, made)),
        questions=tuple(answers.open),
        answers=dict(answers.used),
        notes=tuple(dict.fromkeys([
            *declared.notes, *_notes(context, every, codes, made, declared),
        ])),
    )  # fmt: skip


def _example(team: PlannedTeam) -> NewFile:
    """The names of the variables that a team's code reads, for its `.env`."""
    lines = [
        f"# What the code of {team.location} reads from its environment. Copy this to .env, which",
        "# Git ignores, and fill in what is needed; each line without a value does nothing.",
        *(f"# {name}=" for name in team.variables),
    ]
    return NewFile(below(team.project, ".env.example"), "\n".join([*lines, ""]))


def _writes(made: Iterable[PlannedTeam], others: list[NewFile], registry: str) -> Iterator[str]:
    yield f"{NAME} ({registry})"
    for team in made:
        yield from (f"{file.path} (new)" for file in team.new_files)
        if team.additions:
            tables = ", ".join(f"[{name}]" for name in _tables(team.additions))
            yield f"{below(team.project, 'pyproject.toml')} (appended: {tables})"
    yield from (f"{file.path} (new)" for file in others)
    yield "tasks.py, devkit/ (the kit), .gitignore (a marked block)"


def _tables(additions: Mapping[str, object]) -> Iterator[str]:
    for name, value in additions.items():
        inner = value if name == "tool" and isinstance(value, Mapping) else {}
        yield from (f"tool.{one}" for one in inner)
        if name != "tool":
            yield name


def _stays(tree: Tree) -> Iterator[str]:
    """What a person might fear for: it is neither read later nor changed."""
    for file in ("pyproject.toml", "setup.py", "uv.lock", "poetry.lock", "requirements.txt",
                 "dagster_cloud.yaml", "dagster.yaml", "Makefile"):  # fmt: skip
        if tree.has(file):
            yield file
    for folder in ("tests", "utils", ".github", ".vscode"):
        if folder in tree.folders:
            yield f"{folder}/"


def _notes(
    context: Context, every: list[Located], codes: Mapping[str, Code],
    made: Iterable[PlannedTeam], declared: Result,
) -> Iterator[str]:  # fmt: skip
    """What is left to a person, with the place of each."""
    yield from left.notes(context, every, codes, made)
    if declared.source not in ("", NAME) and not declared.servers_here:
        yield (
            f"{NAME} is new: from now on it is the list of locations, instead of {declared.source}"
        )

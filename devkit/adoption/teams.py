"""Plans one team: a location with its project, its code and its tests, and where each was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devkit.adoption import defaults, found_tests, new_project, read_files, wanted_pythons
from devkit.adoption.choice import Choice
from devkit.adoption.declared import ENTRIES
from devkit.adoption.inventory import DEV, Found
from devkit.adoption.located import Located
from devkit.adoption.model import PlannedTeam, below
from devkit.adoption.needs import Needs, name_of
from devkit.adoption.python_files import Reader
from devkit.adoption.survey import Code, Surveyor
from devkit.adoption.tree import Tree, parent_of
from devkit.adoption.workspace_files import NAME

# Development dependencies that no test imports; pytest is in every local environment.
NOT_FOR_TESTS = {
    "pytest", "ruff", "black", "isort", "flake8", "mypy", "pyright", "pylint", "pre-commit",
    "ipykernel", "jupyter", "notebook", "jupyterlab", "dagster-webserver", "dagit", "commitizen",
    "sqlfluff", "dagster-dg-cli", "uv", "poethepoet", "tox", "nox",
}  # fmt: skip
USUAL = ("in the usual place", "new")  # how tests were found; no setting is needed


@dataclass(frozen=True)
class Context:
    """What the plans of all teams share."""

    tree: Tree
    reader: Reader
    projects: Mapping[str, Found]
    surveyor: Surveyor
    choices: Mapping[str, Choice]
    slugs: Mapping[str, str]
    every: tuple[Located, ...]


def plan(context: Context, located: Located, code: Code) -> PlannedTeam:
    """The team that a location becomes."""
    tree, declared = context.tree, located.declared
    slug, chosen = context.slugs[located.location], context.choices[located.location]
    needs = _needs(chosen, code)
    tests, smoke, where = _tests(context, located, code, chosen)
    python, python_place = wanted_pythons.hint(tree, chosen.folder if not chosen.is_new else (
        chosen.origin.folder if chosen.origin else parent_of(located.anchor)
    ), *([declared.file] if "ockerfile" in declared.file else []))  # fmt: skip
    table = _table(context, located, code, chosen, tests if where not in USUAL else ())
    requires = needs.requires_python or new_project.python_range(python)
    file = below(chosen.folder, "pyproject.toml")
    text = None
    if chosen.is_new:
        text = new_project.text(
            tree, located.location, slug, chosen.folder, needs, chosen.origin, context.projects,
            requires, table,
        )  # fmt: skip
    additions = {} if chosen.is_new else _additions(context, located, chosen, table)
    if additions and not tree.has(file):  # a setup.py alone
        text, additions = new_project.only_settings(additions), {}
    found = {
        "location": declared.place,
        **needs.found,
        "tests": where,
        **({"python": python_place} if python_place and not needs.requires_python else {}),
    }
    return PlannedTeam(
        location=located.location,
        slug=slug,
        kind=declared.kind,
        value=declared.value,
        attribute=declared.attribute,
        entry=_entry(located, chosen),
        project=chosen.folder,
        project_is_new=chosen.is_new,
        working_directory=located.working_directory,
        import_root=located.import_root,
        sources=code.sources,
        runs_in=declared.runs_in,
        libraries=tuple(sorted({**code.libraries, **code.named, **_paths(tree, needs)})),
        inputs=tuple(table.get("inputs", ())),
        tests=tests,
        pyproject=text,
        additions=additions,
        dependencies=needs.dependencies,
        dev_dependencies=needs.dev,
        requires_python=requires if chosen.is_new else needs.requires_python,
        python=python,
        pins=needs.pins,
        pins_from=str(needs.found.get("pins", "")),
        smoke_test=smoke,
        variables=tuple(sorted(code.variables)),
        found=found,
    )


def _needs(chosen: Choice, code: Code) -> Needs:
    """What the project needs: by the imports of the code if nothing says it."""
    if chosen.origin is None:
        return Needs(dependencies=new_project.guessed(code.outside))
    return chosen.needs


def _entry(located: Located, chosen: Choice) -> dict[str, Any]:
    """The item of the registry: as it is at the root, with the environment's interpreter."""
    declared = located.declared
    key, target = ENTRIES[declared.kind]
    if declared.file == NAME:
        fields = dict(declared.fields)
    else:
        fields = {
            "location_name": declared.name,
            target: declared.value,
            "attribute": declared.attribute,
            "working_directory": (
                None if located.working_directory == "." else located.working_directory
            ),
        }
    fields = {name: value for name, value in fields.items() if value is not None}
    if str(fields.get("executable_path", "")).removeprefix("./") != chosen.python:
        fields["executable_path"] = chosen.python
    return {key: fields}


def _table(
    context: Context, located: Located, code: Code, chosen: Choice, tests: Sequence[str]
) -> dict[str, Any]:
    """The settings in `[tool.dagteam]`: only where the kit would find something else."""
    tree = context.tree
    usual = defaults.team(tree, located, chosen, context.every)
    table: dict[str, Any] = {}
    if context.slugs[located.location] != usual.name:
        table["slug"] = context.slugs[located.location]
    if located.file and defaults.import_root(tree, usual) != located.import_root:
        table["import-root"] = located.import_root
    found = defaults.libraries(tree, usual, code.sources, located.import_root)
    found |= defaults.named_projects(tree, chosen, context.projects)
    wanted = {**_paths(tree, chosen.needs), **code.named, **code.libraries}
    libraries = sorted(
        path for path in wanted
        if not defaults.covered(path, (*found, *code.sources)) and path != chosen.folder
    )  # fmt: skip
    if libraries:
        table["libraries"] = libraries
    inputs = read_files.Finder(tree, context.reader, located, code, chosen.folder).inputs()
    if inputs:
        table["inputs"] = inputs
    if tests:
        table["tests"] = list(tests)
    return table


def _paths(tree: Tree, needs: Needs) -> dict[str, str]:
    """The folders that the project's files name, as far as they are there."""
    return {path: place for path, place in needs.paths.items() if path in tree.folders}


def _additions(
    context: Context, located: Located, chosen: Choice, table: Mapping[str, Any]
) -> dict[str, Any]:
    """The tables that an existing project gets."""
    found: dict[str, Any] = {}
    users = [one for one in context.choices.values() if one.folder == chosen.folder]
    if table and len(users) > 1:
        found["tool"] = {"dagteam": {"locations": {located.location: dict(table)}}}
    elif table:
        found["tool"] = {"dagteam": dict(table)}
    document = context.tree.toml(below(chosen.folder, "pyproject.toml"))
    needed = [each for each in chosen.needs.dev if name_of(each) not in NOT_FOR_TESTS]
    is_read = "dependency-groups" in document or _has_extra(document, chosen)
    if needed and not is_read:  # in a table of Poetry, say
        found["dependency-groups"] = {"dev": new_project.dev_group(needed)}
    return found


def _has_extra(document: Mapping[str, Any], chosen: Choice) -> bool:
    """Whether the development dependencies are in an extra, which is read as it is."""
    extras = document.get("project", {}).get("optional-dependencies", {})
    is_setup = chosen.origin is not None and chosen.origin.form == "setup"
    return any(name in extras for name in DEV) or (is_setup and bool(chosen.needs.dev))


def _tests(
    context: Context, located: Located, code: Code, chosen: Choice
) -> tuple[tuple[str, ...], Any, str]:
    """The tests of a location, a new one if it has none, and how they were found."""
    tree = context.tree
    package = located.declared.value.partition(".")[0].rpartition("/")[2]
    slug = context.slugs[located.location]
    users = [one for one in context.choices.values() if one.folder == chosen.folder]
    is_own = chosen.origin is not None and chosen.origin.folder == chosen.folder
    if is_own and len(users) == 1:
        usual = found_tests.usual(tree, chosen.folder, package)
        by_default = defaults.tests(tree, defaults.team(tree, located, chosen, context.every))
        if usual:
            return usual, None, USUAL[0] if usual == by_default else "in its project"
    own = [one.folder for one in context.choices.values() if not one.is_new and one.folder != "."]
    taken = [folder for folder in own if folder != chosen.folder]
    found = found_tests.by_imports(
        tree, context.reader, context.surveyor, located, code, taken
    )  # fmt: skip
    found = (*found_tests.inside(tree, code.sources), *found)
    if found:
        return found, None, "by imports"
    smoke = found_tests.smoke_test(located, chosen.folder, slug)
    if tree.has(smoke.path):
        return (smoke.path,), None, "by name"
    usual = defaults.tests(tree, defaults.team(tree, located, chosen, context.every))
    folder = parent_of(smoke.path)
    is_usual = len(users) == 1 and all(path == folder or _is_missing(tree, path) for path in usual)
    return ((folder,), smoke, "new") if is_usual else ((smoke.path,), smoke, "a new one")


def _is_missing(tree: Tree, path: str) -> bool:
    return not tree.has(path) and path not in tree.folders

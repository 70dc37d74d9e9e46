"""Projects: which there are, what belongs in their locks, and how they are selected."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from devkit.core.errors import DevkitError
from devkit.core.paths import KIT, ORCHESTRATOR, ROOT, SHARED, TOOLS_LOCK
from devkit.environments import project
from devkit.environments.project import Project
from devkit.registry.team import Team


def test_the_tools_have_a_local_lock_only() -> None:
    tools = project.tools_project()
    assert (tools.name, tools.directory, tools.locks) == ("tools", KIT, (TOOLS_LOCK,))
    assert (tools.editable, tools.dev_groups, tools.deploy_groups) == ((), (), ())


def test_the_orchestrator_deploys_its_own_group_and_has_nothing_editable() -> None:
    orchestrator = project.orchestrator_project()
    assert orchestrator.locks == (
        ORCHESTRATOR / "local_requirements.txt",
        ORCHESTRATOR / "requirements.txt",
    )
    assert orchestrator.editable == ()
    assert orchestrator.dev_groups == ()
    assert orchestrator.deploy_groups == ("orchestrator/pyproject.toml:deploy",)


def test_a_team_has_utils_and_itself_editable_and_deploys_the_group_of_utils(
    teams: Mapping[str, Team],
) -> None:
    folder = ROOT / "tea_project"
    found = project.team_project(replace(teams["ml"], location="tea_project", directory=folder))
    assert found.libraries == (SHARED,)
    assert found.editable == (folder, SHARED)
    assert found == Project(
        name="tea",
        directory=folder,
        local=folder / "local_requirements.txt",
        deployed=folder / "requirements.txt",
        dev_groups=("tea_project/pyproject.toml:dev",),
        deploy_groups=("tea_project/pyproject.toml:deploy", "utils/pyproject.toml:deploy"),
        always=(SHARED,),
        installed=True,
    )


def test_every_project_can_be_read(teams: Mapping[str, Team]) -> None:
    every = project.all_projects(teams.values())
    assert [found.name for found in every] == ["tools", "orchestrator", *teams]
    assert all(found.pyproject.name for found in every)
    assert all(lock.exists() for found in every for lock in found.locks)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], ["tools", "orchestrator", "analytics", "ml"]),
        ([" , "], ["tools", "orchestrator", "analytics", "ml"]),
        (["ml"], ["ml"]),
        (["ml_project,tools"], ["tools", "ml"]),
        (["orchestrator"], ["orchestrator"]),
    ],
)
def test_select_projects_takes_teams_and_the_projects_of_no_team(
    teams: Mapping[str, Team], names: list[str], found: list[str]
) -> None:
    selected = [item.name for item in project.select_projects([*teams.values()], names)]
    assert selected[: len(found)] == found
    assert selected == found or not any(name.strip(" ,") for name in names)


@pytest.mark.parametrize(
    ("name", "close"), [("mll", "ml"), ("toolz", "tools"), ("orchestrater", "orchestrator")]
)
def test_select_projects_names_the_closest_project_for_an_unknown_one(
    teams: Mapping[str, Team], name: str, close: str
) -> None:
    with pytest.raises(DevkitError, match=f"unknown team '{name}'; did you mean '{close}'"):
        project.select_projects([*teams.values()], [name, "tools"])

"""Names of new teams: which are refused and why, and the suggested ones."""

from collections.abc import Sequence

import pytest

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from devkit.scaffolding import names

NO_PACKAGE = "it is not the name of a Python package"
STANDARD = "it is a module of Python's standard library"

REFUSED = {
    "finance-team": (NO_PACKAGE, "finance_team"),
    "FinanceTeam": (NO_PACKAGE, "finance_team"),
    "2024": (NO_PACKAGE, "team_2024"),
    "größe": (NO_PACKAGE, "groe"),
    "a b": (NO_PACKAGE, "a_b"),
    "../evil": (NO_PACKAGE, "evil"),
    "a,b": (NO_PACKAGE, "a_b"),
    "_": (NO_PACKAGE, "new"),
    "": (NO_PACKAGE, "new"),
    "import": (NO_PACKAGE, "import_team"),
    "a__b": ("can't have such a _", "a_b"),
    "a_": ("can't have such a _", "a"),
    "x_y__project": ("can't have such a _", "x_y"),
    "ml": ("there is a team of that name", "ml_team"),
    "ml_project": ("there is a team of that name", "ml_team"),
    "tools": ("it is a reserved name", "tools_team"),
    "orchestrator": ("it is a reserved name", "orchestrator_team"),
    "utils": ("the repository already has utils", "utils_team"),
    "tasks": ("the repository already has tasks", "tasks_team"),
    "json": (STANDARD, "json_team"),
    "platform": (STANDARD, "platform_team"),
    "humanize": ("in the environment of ml", "humanize_team"),
    "dagster": ("in the environment of orchestrator", "dagster_team"),
    "x" * 31: ("it has 31 characters", "x" * 23),
}


@pytest.fixture(scope="module")
def registry() -> Sequence[Team]:
    return load_teams(ROOT)


@pytest.mark.parametrize(("name", "reason", "instead"), [(n, *w) for n, w in REFUSED.items()])
def test_a_refused_name_has_a_reason_and_a_suggestion(
    name: str, reason: str, instead: str, registry: Sequence[Team]
) -> None:
    with pytest.raises(DevkitError) as caught:
        names.new_team(name, registry)
    assert reason in caught.value.what
    assert caught.value.fix == f"invoke new-team {instead}"


@pytest.mark.parametrize("name", REFUSED)
def test_a_suggested_name_is_not_refused(name: str, registry: Sequence[Team]) -> None:
    assert names.refusal(names.suggestion(name, registry), registry) is None


@pytest.mark.parametrize("name", ["newcomer", "newcomer_project"])
def test_a_valid_name_gives_a_team_with_the_usual_layout(
    name: str, registry: Sequence[Team]
) -> None:
    team = names.new_team(name, registry)
    assert (team.name, team.location, team.line) == ("newcomer", "newcomer_project", 0)
    assert team.module == "newcomer_project.definitions"
    assert team.directory == ROOT / "newcomer_project"
    assert team.environment == ROOT / "newcomer_project" / ".venv-newcomer"

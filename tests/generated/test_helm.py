"""The Helm values: each team has its own release, with its own secret and no other."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import DAGSTER_YAML, ROOT
from devkit.generated import helm
from devkit.registry.team import Team
from testing.platform import free_port
from testing.support import run


def platform(teams: list[Team]) -> Any:
    return yaml.safe_load(helm.files(teams)[helm.PLATFORM])


def deployment(team: Team) -> Any:
    """The one entry of the list in a team's values."""
    (only,) = yaml.safe_load(helm.of_team(team))["deployments"]
    return only


def fifty(team: Team) -> list[Team]:
    return [
        replace(team, location=f"team_{number}_project", module=f"team_{number}.definitions")
        for number in range(50)
    ]


def test_the_webserver_has_each_team_s_address_and_name(
    teams: dict[str, Team],
) -> None:
    servers = platform(list(teams.values()))["dagsterWebserver"]["workspace"]["servers"]
    assert [server["name"] for server in servers] == [team.location for team in teams.values()]
    for server, team in zip(servers, teams.values(), strict=True):
        found = deployment(team)
        assert (server["host"], server["port"]) == (found["name"], found["port"])
        assert found["dagsterApiGrpcArgs"] == ["-m", team.module]
        assert found["image"]["repository"] == f"dagteam/{team.location}"


def test_a_teams_release_names_its_own_secret_and_no_other_team(teams: dict[str, Team]) -> None:
    for team in teams.values():
        found = deployment(team)
        assert found["envSecrets"] == [{"name": helm.release(team)}]
        assert found["includeConfigInLaunchedRuns"] == {"enabled": True}
        values = yaml.safe_load(helm.of_team(team))
        assert values["serviceAccount"]["name"] == helm.release(team)
        for other in set(teams.values()) - {team}:
            text = helm.of_team(team)
            assert not any(name in text for name in (other.location, helm.release(other)))


def test_a_new_team_changes_no_other_teams_release(teams: dict[str, Team]) -> None:
    everyone = fifty(teams["ml"])
    before, after = helm.files(everyone[:-1]), helm.files(everyone)
    changed = {path for path, text in after.items() if before.get(path) != text}
    assert changed == {helm.PLATFORM, helm.TEAMS / "team_49_project.yaml"}
    assert len(after[helm.PLATFORM].splitlines()) < 250  # a line for a team


def test_no_team_waits_for_another(teams: dict[str, Team]) -> None:
    everyone = fifty(teams["ml"])
    runs = platform(everyone)["concurrency"]["runs"]
    (limit,) = runs["tagConcurrencyLimits"]
    assert limit["key"] == "dagster/code_location"
    assert limit["value"] == {"applyLimitPerUniqueValue": True}
    assert runs["maxConcurrentRuns"] == limit["limit"] * len(everyone)


def test_ticks_are_kept_as_long_as_in_orchestrator_dagster_yaml(teams: dict[str, Team]) -> None:
    found = platform(list(teams.values()))["retention"]
    wanted = yaml.safe_load(DAGSTER_YAML.read_text(encoding="utf-8"))["retention"]
    assert found["schedule"]["purgeAfterDays"] == wanted["schedule"]["purge_after_days"]
    kept = found["sensor"]["purgeAfterDays"]
    assert kept == wanted["sensor"]["purge_after_days"]


def test_no_file_of_a_removed_team_is_left(teams: dict[str, Team]) -> None:
    wanted = {f"{team.location}.yaml" for team in teams.values()}
    assert {file.name for file in helm.TEAMS.iterdir()} == wanted  # fix: remove the others


@pytest.mark.parametrize("name", ["analytics", "ml"])
def test_code_that_does_not_load_ends_its_server(
    name: str, teams: dict[str, Team], tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text(
        "raise RuntimeError('this code is broken')\n", encoding="utf-8"
    )
    # As the chart starts it, with dagsterApiGrpcArgs; so the previous pod keeps running.
    server = ("dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(free_port()), "-m", "broken")
    done = run([teams[name].python, "-m", *server], tmp_path)
    assert done.returncode == 1
    assert "this code is broken" in done.stderr


@pytest.mark.parametrize("location", ["1st_project", "team_", "x" * 64])
def test_a_location_that_is_no_valid_service_name_is_an_error(
    location: str, teams: dict[str, Team]
) -> None:
    with pytest.raises(DevkitError, match=f"the location {location} can't be a name in a cluster"):
        helm.files([replace(teams["ml"], location=location)])


def test_two_locations_with_one_name_in_a_cluster_are_an_error(teams: dict[str, Team]) -> None:
    team = teams["ml"]
    twins = [replace(team, location="Tea_project"), replace(team, location="tea_project")]
    with pytest.raises(DevkitError, match="tea_project and Tea_project would have the same name"):
        helm.files(twins)


# A team's `.env` with everything that `kubectl create secret --from-env-file` takes otherwise.
ENV = """\
# a comment
PLAIN=some text
export EXPORTED=a
QUOTED="b"
SINGLE='$b # not a comment'
COMMENTED=x # a comment
EMPTY=
DECLARED
KEY="-----BEGIN X-----
QUJDREVGR0g=
-----END X-----"
ESCAPED="a\\nb"
WHOLE=${PLAIN}s of ${SECRET_TEST_OF_THIS_MACHINE}
ÜBER=
"""


def test_a_secret_has_a_team_s_variables_as_every_other_deployment_reads_them(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "team"
    folder.mkdir()
    (folder / ".env").write_text(ENV.replace("ÜBER=\n", ""), encoding="utf-8")
    argv = [sys.executable, "-P", str(ROOT / "deploy/secret.py"), "ml-project", f"{folder}/.env"]
    done = run(argv, tmp_path, {"SECRET_TEST_OF_THIS_MACHINE": "no"})
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    values = made.pop("stringData")
    assert made == {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ml-project"}}
    assert values == {
        "PLAIN": "some text",
        "EXPORTED": "a",
        "QUOTED": "b",
        "SINGLE": "$b # not a comment",
        "COMMENTED": "x",
        "EMPTY": "",
        "KEY": "-----BEGIN X-----\nQUJDREVGR0g=\n-----END X-----",
        "ESCAPED": "a\nb",
        "WHOLE": "some texts of ",
    }
    code = "import json, pathlib, sys, entrypoint; print(json.dumps(entrypoint.secrets("
    code += "pathlib.Path(sys.argv[1]))))"
    read = run([sys.executable, "-c", code, tmp_path], ROOT / "deploy")
    assert json.loads(read.stdout) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENV, "not the name of a variable: ÜBER"),
        ("A=b\nC='d\n", ".env, line 2: not NAME=value"),
        (None, ".env not found"),
    ],
)
def test_what_can_not_be_a_secret_is_named(text: str | None, message: str, tmp_path: Path) -> None:
    if text:
        (tmp_path / ".env").write_text(text, encoding="utf-8")
    argv = [sys.executable, "-P", str(ROOT / "deploy/secret.py"), "ml-project", f"{tmp_path}/.env"]
    done = run(argv, tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stdout == ""


def test_the_page_makes_secrets_in_this_way() -> None:
    page = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    assert ".venv-tools/bin/python deploy/secret.py ml-project ml_project/.env |" in page
    assert not re.search(r"^kubectl.*--from-env-file", page, re.MULTILINE)

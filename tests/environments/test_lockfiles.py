"""Locks: what is in them, when they are stale, and what `invoke lock` changes."""

import json
import re

import pytest
from packaging.version import Version

from devkit.core import pyproject
from devkit.core.paths import SHARED, TOOLS_LOCK
from devkit.environments import lockfiles
from devkit.environments.lockfiles import PIN, Pin
from devkit.environments.project import Project, all_projects
from devkit.registry.team import Team
from testing.support import NO_NETWORK, Checkout

STALE = """
import json
from devkit.core.paths import ROOT
from devkit.environments import lockfiles
from devkit.environments.project import all_projects
from devkit.registry.workspace import load_teams
projects = all_projects(load_teams(ROOT))
print(json.dumps({project.name: lockfiles.stale(project) for project in projects}))
"""
STALE_ENVIRONMENTS = """
import json
from devkit.core.paths import ROOT
from devkit.environments import venvs
from devkit.registry.workspace import load_teams
environments = venvs.every_environment(load_teams(ROOT))
print(json.dumps({environment.name: venvs.stale(environment) for environment in environments}))
"""


@pytest.fixture(scope="session")
def projects(teams: dict[str, Team]) -> dict[str, Project]:
    """The projects of this repository by name."""
    return {project.name: project for project in all_projects(teams.values())}


def answers(checkout: Checkout, code: str) -> dict[str, str | None]:
    """What code that uses a copy's devkit prints, as JSON."""
    done = checkout.devkit(code)
    assert done.returncode == 0, done.stderr
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


def every_lock(checkout: Checkout) -> dict[str, bytes]:
    """The locks of a copy, byte for byte, by path."""
    found = checkout.root.glob("*/*requirements.txt")
    return {str(file.relative_to(checkout.root)): file.read_bytes() for file in found}


def test_every_project_has_fresh_locks(projects: dict[str, Project]) -> None:
    assert {"tools", "orchestrator", "analytics", "ml"} <= projects.keys()
    reasons = {name: lockfiles.stale(project) for name, project in projects.items()}
    assert reasons == dict.fromkeys(projects)


def test_the_environments_really_differ(projects: dict[str, Project]) -> None:
    analytics, ml, orchestrator = (
        lockfiles.pins(projects[name]) for name in ("analytics", "ml", "orchestrator")
    )
    assert Version(analytics["pandas"]).major == 3
    assert Version(ml["pandas"]).major == 2
    assert Version(ml["dagster"]).release[:2] < Version(orchestrator["dagster"]).release[:2]
    assert not {"pandas", "humanize", "numpy"} & orchestrator.keys()


def test_webserver_and_daemon_are_one_version_at_or_above_every_teams(
    projects: dict[str, Project], teams: dict[str, Team]
) -> None:
    pins = lockfiles.pins(projects["orchestrator"])
    assert pins["dagster"] == pins["dagster-webserver"]
    for name in teams:
        assert Version(lockfiles.pins(projects[name])["dagster"]) <= Version(pins["dagster"]), name


def test_deployed_pins_are_the_local_ones(
    projects: dict[str, Project], teams: dict[str, Team]
) -> None:
    for name in teams:
        local, deployed = (
            dict(PIN.findall(file.read_text(encoding="utf-8"))) for file in projects[name].locks
        )
        both = local.keys() & deployed.keys()
        assert {package: local[package] for package in both} == {
            package: deployed[package] for package in both
        }
        assert "dagster-postgres" in deployed.keys() - local.keys()
        assert "pytest" in local.keys() - deployed.keys()
        assert "dagster-webserver" in local.keys() - deployed.keys()


def test_a_teams_local_lock_lists_utils_and_its_own_package_as_editable(
    projects: dict[str, Project], teams: dict[str, Team]
) -> None:
    for team in teams.values():
        local, deployed = (
            file.read_text(encoding="utf-8").splitlines() for file in projects[team.name].locks
        )
        editable = {line for line in local if line.startswith("-e ")}
        assert editable == {"-e ./utils", f"-e ./{team.directory.name}"}
        assert not any(line.startswith("-") for line in deployed)


def test_no_lock_names_an_address_or_a_path_of_a_machine(projects: dict[str, Project]) -> None:
    for project in projects.values():
        for lock in project.locks:
            found = re.findall(r"^.*(?:\w+://|file:|index-url|find-links|(?<![\w.])/).*$",
                               lock.read_text(encoding="utf-8"), re.MULTILINE)  # fmt: skip
            assert found == [], lock


def test_every_pin_has_a_hash(projects: dict[str, Project]) -> None:
    for project in projects.values():
        for lock in project.locks:
            entries = re.split(
                r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE
            )[1:]
            assert entries
            assert all("--hash=sha256:" in entry for entry in entries), lock


def test_a_dependency_of_utils_makes_every_teams_locks_stale(checkout: Checkout) -> None:
    checkout.edit("utils/pyproject.toml", '"pandas>=2"', '"pandas>=2", "iniconfig"')
    found = answers(checkout, STALE)
    assert found.pop("tools") is None
    assert found.pop("orchestrator") is None
    assert found == {
        name: f"{name}_project/local_requirements.txt is out of date: a pyproject.toml changed"
        for name in found
    }


def test_a_dependency_of_one_team_makes_only_its_locks_stale(checkout: Checkout) -> None:
    checkout.edit("ml_project/pyproject.toml", '"pytest>=8"', '"pytest>=8", "iniconfig"')
    assert [name for name, reason in answers(checkout, STALE).items() if reason] == ["ml"]


def test_an_irrelevant_change_of_a_pyproject_makes_no_lock_stale(checkout: Checkout) -> None:
    for folder in ("utils", "ml_project", "orchestrator", "devkit"):
        with (checkout.root / folder / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write("\n# a comment\n[tool.something]\nlevel = 11\n")
    assert not any(answers(checkout, STALE).values())


def test_a_missing_lock_is_stale(checkout: Checkout) -> None:
    (checkout.root / "ml_project/requirements.txt").unlink()
    found = answers(checkout, STALE)
    assert found["ml"] == "ml_project/requirements.txt not found"
    assert found["analytics"] is None


def test_a_pin_that_was_edited_in_one_lock_of_two_is_noticed(checkout: Checkout) -> None:
    file = "ml_project/requirements.txt"
    pinned = dict(PIN.findall((checkout.root / file).read_text(encoding="utf-8")))["pandas"]
    checkout.edit(file, f"\npandas=={pinned} ", "\npandas==2.9.9 ")
    found = answers(checkout, STALE)
    assert found["ml"] == (
        "ml_project/local_requirements.txt and ml_project/requirements.txt disagree on pandas: "
        "one was edited by hand"
    )
    assert found["analytics"] is None


def test_fresh_locks_are_left_alone_and_no_index_is_asked(checkout: Checkout) -> None:
    before = every_lock(checkout)
    done = checkout.tasks("lock", env=NO_NETWORK)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("up to date") == len(answers(checkout, STALE))
    assert every_lock(checkout) == before


def test_one_team_moves_to_another_pandas_and_the_others_do_not_change(
    checkout: Checkout,
) -> None:
    for lock in ("analytics_project/local_requirements.txt", "orchestrator/requirements.txt"):
        (checkout.root / lock).write_text("# empty\n", encoding="utf-8")
    built = checkout.devkit(
        "from devkit.environments import venvs; from devkit.core import parallel\n"
        "from devkit.core.paths import ROOT\n"
        "from devkit.registry.workspace import load_teams, select\n"
        "teams = select(load_teams(ROOT), ['analytics'])\n"
        "parallel.require(venvs.build_stale(venvs.every_environment(teams)))"
    )
    assert built.returncode == 0, built.stderr
    before = every_lock(checkout)

    checkout.edit("ml_project/pyproject.toml", '"pandas>=2.3,<3"', '"pandas>=3,<4"')
    done = checkout.tasks("lock", "--team", "ml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"ml +pandas +2\.\S+ +3\.", done.stdout)

    after = every_lock(checkout)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"ml_project/local_requirements.txt", "ml_project/requirements.txt"}
    for name in changed:
        old, new = (dict(PIN.findall(text[name].decode())) for text in (before, after))
        assert Version(new.pop("pandas")).major == 3
        assert new.items() <= old.items(), "a pin moved that did not have to"
    reasons = answers(checkout, STALE_ENVIRONMENTS)
    assert (reasons["orchestrator"], reasons["analytics"]) == (None, None)


def test_a_project_that_cannot_be_locked_keeps_its_locks_and_the_others_get_theirs(
    checkout: Checkout,
) -> None:
    checkout.edit("ml_project/pyproject.toml", '"pandas>=2.3,<3"', '"pandas>=2.3,<2"')
    checkout.edit(
        "analytics_project/pyproject.toml",
        'requires-python = ">=3.11',
        'requires-python = ">=3.11.0',
    )
    before = every_lock(checkout)
    done = checkout.tasks("lock", "--team", "analytics,ml")
    assert done.returncode == 1
    assert "1 of 2 failed: ml" in done.stderr
    assert (
        "ml_project/local_requirements.txt could not be resolved; keeping the current lock"
        in done.stdout
    )
    after = every_lock(checkout)
    assert {name for name in after if after[name] != before[name]} == {
        "analytics_project/local_requirements.txt",
        "analytics_project/requirements.txt",
    }


def test_no_network_is_one_sentence(checkout: Checkout) -> None:
    checkout.edit("ml_project/pyproject.toml", '"pandas>=2.3,<3"', '"pandas>=3,<4"')
    done = checkout.tasks("lock", "--team", "ml", env=NO_NETWORK)
    assert done.returncode == 1
    assert "── ml ──\nNo network: the package index can't be reached." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_package_that_no_project_has_is_one_message_without_a_network(checkout: Checkout) -> None:
    before = every_lock(checkout)
    done = checkout.tasks("lock", "--team", "ml", "--package", "dagstr", env=NO_NETWORK)
    assert done.returncode == 1
    assert "no lock of ml has the package 'dagstr'; did you mean 'dagster'?" in done.stderr
    assert every_lock(checkout) == before


def test_a_package_is_updated_only_where_it_is_locked(
    checkout: Checkout,
) -> None:
    before = every_lock(checkout)
    done = checkout.tasks("lock", "--package", "Humanize<9", env=NO_NETWORK)
    assert done.returncode == 1  # only ml asks the index
    assert "1 of 4 failed: ml" in done.stderr
    assert done.stdout.count("up to date") == 3
    assert every_lock(checkout) == before


def test_the_pins_of_a_lock_are_read_with_their_markers() -> None:
    text = (
        "-e ./utils\n# a comment\none==1.0 \\\n    --hash=sha256:00\n"
        "two[extra]==2.0 ; python_full_version < '3.12' and sys_platform == 'win32' \\\n"
        "    --hash=sha256:00\n"
    )
    assert lockfiles.parse(text) == [
        Pin("one", "1.0", None),
        Pin("two", "2.0", "python_full_version < '3.12' and sys_platform == 'win32'"),
    ]
    assert str(lockfiles.parse(text)[0]) == "one==1.0"


def test_direct_dependencies_are_the_projects_and_those_of_utils(
    projects: dict[str, Project],
) -> None:
    found = lockfiles.direct_dependencies(projects["ml"])
    assert {"pandas", "humanize", "pytest", "dagteam-utils"} <= found
    assert pyproject.read(SHARED).direct_dependencies <= found
    assert "numpy" not in found


def test_the_tools_have_no_deployed_lock(projects: dict[str, Project]) -> None:
    assert projects["tools"].deployed is None
    assert projects["tools"].local == TOOLS_LOCK


def test_a_stale_lock_is_one_message_without_a_network(checkout: Checkout) -> None:
    done = checkout.tasks("lock", "--check", env=NO_NETWORK)
    assert done.returncode == 0, done.stdout + done.stderr
    checkout.edit("ml_project/pyproject.toml", "dependencies = [", 'dependencies = ["six", ')
    done = checkout.tasks("lock", "--check", env=NO_NETWORK)
    assert done.returncode == 1
    assert (
        "ml_project/local_requirements.txt is out of date: a pyproject.toml changed" in done.stderr
    )
    assert "  fix:      invoke lock --team ml" in done.stderr
    assert "analytics" not in done.stderr


def test_a_stale_lock_fails_the_check_without_a_network(checkout: Checkout) -> None:
    checkout.empty_locks()
    done = checkout.tasks("check", "--json", env=NO_NETWORK)
    assert done.returncode == 1
    findings = json.loads(done.stdout)["findings"]
    found = {item["teams"][0]: item for item in findings if item["code"] == "lock-stale"}
    assert {"orchestrator", "analytics", "ml"} == found.keys()
    assert found["ml"]["fix"] == "invoke lock --team ml"

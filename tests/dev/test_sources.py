"""What a location is made of, and which saved files count."""

import dataclasses
from pathlib import Path

import pytest
import watchfiles

from devkit.core.paths import REGISTRY, SHARED
from devkit.dev import sources
from devkit.dev.states import ChangeKind
from devkit.registry.team import Team


def affected_by(team: Team, *parts: str) -> ChangeKind | None:
    """How a file of a team affects the team."""
    own = {team.location: sources.of(team)}
    return sources.affected_locations(team.directory.joinpath(*parts), own).get(team.location)


def test_code_and_data_of_a_package_affect_its_team_only(teams: dict[str, Team]) -> None:
    ml, analytics = teams["ml"], teams["analytics"]
    saved = ml.directory / ml.package / "defs" / "data.csv"
    both = {team.location: sources.of(team) for team in (ml, analytics)}
    assert sources.affected_locations(saved, both) == {ml.location: ChangeKind.CODE}
    assert affected_by(analytics, analytics.package, "definitions.py") == ChangeKind.CODE


def test_files_of_the_environment_affect_more_than_the_code(teams: dict[str, Team]) -> None:
    for name in ("pyproject.toml", "local_requirements.txt", ".env"):
        assert affected_by(teams["ml"], name) == ChangeKind.ENVIRONMENT, name


def test_utils_affects_every_team(teams: dict[str, Team]) -> None:
    every = {team.location: sources.of(team) for team in teams.values()}
    code = sources.affected_locations(SHARED / "utils" / "store.py", every)
    assert code == dict.fromkeys(every, ChangeKind.CODE)
    project = sources.affected_locations(SHARED / "pyproject.toml", every)
    assert project == dict.fromkeys(every, ChangeKind.ENVIRONMENT)


def test_tests_and_the_registry_affect_no_location(teams: dict[str, Team]) -> None:
    every = {team.location: sources.of(team) for team in teams.values()}
    assert affected_by(teams["ml"], "ml_project_tests", "test_assets.py") is None
    assert sources.affected_locations(REGISTRY, every) == {}


@pytest.mark.parametrize(
    "name",
    [
        ".assets.py.swp", "4913", "assets.py~", "#assets.py#", "assets.py.tmp", "assets.pyc",
        "__pycache__", "defs/__pycache__/assets.cpython-311.pyc", "defs/.#assets.py",
        ".local_defs_state/state.json", "defs/.ipynb_checkpoints/a.py", "node_modules/x/y.py",
        "assets.py___jb_tmp___",
    ],
)  # fmt: skip
def test_files_of_editors_and_tools_do_not_count(name: str) -> None:
    accepts = sources.Filter([Path("/checkout/package")])
    assert not accepts(watchfiles.Change.modified, f"/checkout/package/{name}")


@pytest.mark.parametrize(
    "name",
    ["assets.py", "penguins.csv", "query.sql", "testing.py", "ab_test.py", "train_test.py",
     "test_it.py", "conftest.py", "defs/tests/thing.py", "defs/a_tests/x.py", "build/x.py"],
)  # fmt: skip
@pytest.mark.parametrize(
    "checkout",
    ["/home/me/kit", "/home/me/tests/kit", "/x/node_modules/kit", "/x/.venv/kit", "/x/.git/kit",
     "/x/.idea/kit", "/x/__pycache__/kit", "/x/a_tests/kit", "/x/site-packages/kit"],
)  # fmt: skip
def test_code_and_data_count_wherever_the_checkout_is(checkout: str, name: str) -> None:
    accepts = sources.Filter([Path(checkout, "ml_project/ml_project")])
    assert accepts(watchfiles.Change.modified, f"{checkout}/ml_project/ml_project/{name}")


def some_team(like: Team, folder: Path, package: str) -> Team:
    (folder / package).mkdir(parents=True)
    (folder / package / "definitions.py").touch()
    return dataclasses.replace(like, directory=folder, location="some", module="some.definitions")


@pytest.mark.parametrize("package", ["some", "src/some"])
def test_a_package_may_be_below_src(teams: dict[str, Team], tmp_path: Path, package: str) -> None:
    team = some_team(teams["ml"], tmp_path / "some", package)
    assert affected_by(team, package, "deep", "assets.py") == ChangeKind.CODE


def test_targets_of_links_out_of_the_package_count(teams: dict[str, Team], tmp_path: Path) -> None:
    team = some_team(teams["ml"], tmp_path / "some", "some")
    (tmp_path / "models").mkdir()
    (tmp_path / "one.sql").touch()
    (tmp_path / "some/some/models").symlink_to(tmp_path / "models")
    (tmp_path / "some/some/one.sql").symlink_to("../../one.sql")
    (tmp_path / "some/some/inside").symlink_to(tmp_path / "some/some")
    (tmp_path / "some/some/dangling").symlink_to(tmp_path / "nowhere")
    own = {"some": sources.of(team)}
    for saved in ("models/deep/a.sql", "one.sql"):
        assert sources.affected_locations(tmp_path / saved, own) == {"some": ChangeKind.CODE}
    assert sources.affected_locations(tmp_path / "other.sql", own) == {}


def test_only_accepts_its_files_and_folders_that_come_or_go() -> None:
    accepts = sources.only([Path("/a/.env")], [Path("/a/package")])
    assert accepts(watchfiles.Change.modified, "/a/.env")
    assert accepts(watchfiles.Change.added, "/a/package")
    assert not accepts(watchfiles.Change.modified, "/a/package")
    assert not accepts(watchfiles.Change.added, "/a/other")

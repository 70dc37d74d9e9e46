"""Contracts on versions, in real environments with tiny packages of these names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from devkit import contracts
from devkit.contracts.snapshot import Snapshot
from devkit.core import pyproject
from devkit.core.paths import SHARED
from devkit.environments import installed, venvs
from devkit.registry.team import Team
from testing.contracts import locations
from testing.support import environment, wheel


def build(folder: Path, name: str, **packages: str) -> Mapping[str, str]:
    """Build an environment with these packages; returns what is installed in it."""
    wheels = folder / "wheels"
    lock = "".join(wheel(wheels, package, version) for package, version in packages.items())
    built = environment(folder / name, lock, name=name)
    venvs.build(built)
    return installed.distributions(built.path)


def build_orchestrator(folder: Path, dagster: str, webserver: str = "") -> Mapping[str, str]:
    packages = {"dagster": dagster, "dagster_webserver": webserver or dagster}
    return build(folder, "orchestrator", **packages)


def codes(snapshot: Snapshot) -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.code, finding.teams) for finding in contracts.broken(snapshot)]


@pytest.mark.parametrize(
    ("orchestrator", "analytics", "ml", "behind"),
    [
        ("1.9.10", "1.9.10", "1.8.0", []),
        ("1.10.0", "1.9.11", "1.8.0", []),
        ("1.13.0", "1.13.0rc1", "1.12.22", []),
        ("1.9.10", "1.9.11", "1.8.0", ["analytics"]),
        ("1.9.9", "1.9.10", "1.10.0", ["analytics", "ml"]),
        ("1.13.0rc1", "1.13.0", "1.12.22", ["analytics"]),
    ],
)
def test_orchestrator_is_at_or_above_the_highest_dagster(
    teams: dict[str, Team],
    tmp_path: Path,
    orchestrator: str,
    analytics: str,
    ml: str,
    behind: Sequence[str],
) -> None:
    snapshot = Snapshot(
        teams=(teams["analytics"], teams["ml"]),
        manifests=(),
        installed={
            "analytics": build(tmp_path, "analytics", dagster=analytics),
            "ml": build(tmp_path, "ml", dagster=ml),
        },
        orchestrator=build_orchestrator(tmp_path, orchestrator),
    )
    assert codes(snapshot) == [("orchestrator-behind", ("orchestrator", name)) for name in behind]
    for finding, name in zip(contracts.broken(snapshot), behind, strict=True):
        assert snapshot.installed[name]["dagster"] in finding.message
        assert orchestrator in finding.message


@pytest.mark.parametrize(
    ("packages", "differ"),
    [
        ({"dagster": "1.13.27", "dagster_webserver": "1.13.27"}, False),
        ({"dagster": "1.13.27", "dagster_webserver": "1.13.26"}, True),
        ({"dagster": "1.13.26", "dagster_webserver": "1.13.27"}, True),
        ({"dagster": "1.13.27", "dagster_graphql": "1.13.26"}, True),
        ({}, False),  # not built
    ],
)
def test_webserver_and_daemon_are_of_one_version(
    tmp_path: Path, packages: Mapping[str, str], differ: bool
) -> None:
    found = contracts.broken(
        Snapshot((), (), orchestrator=build(tmp_path, "orchestrator", **packages))
    )
    assert [(one.code, one.teams) for one in found] == (
        [("hosts-differ", ("orchestrator",))] if differ else []
    )


@pytest.mark.parametrize(
    ("required", "unmet"),
    [
        (["pandas>=2"], False),
        (["Pandas>=2,<3", "Universal_Pathlib"], False),
        (["pandas>=2; python_version>='3.11'"], False),
        (["polars>=1; python_version<'3.11'"], False),
        (["polars; sys_platform=='win32'"], False),
        (["universal-pathlib>=0.2"], False),  # a pre-release of a later version
        (["pandas[parquet]>=2"], False),
        ([], False),
        (["pandas>=3"], True),
        (["polars"], True),
        (["pandas>=2", "universal.pathlib<0.2"], True),
        (["polars>=1; python_version>='3.11'"], True),
    ],
)
def test_every_environment_satisfies_utils(
    teams: dict[str, Team], tmp_path: Path, required: Sequence[str], unmet: bool
) -> None:
    snapshot = Snapshot(
        teams=(teams["ml"],),
        manifests=(),
        installed={"ml": build(tmp_path, "ml", pandas="2.3.1", universal_pathlib="0.3.0rc2")},
        shared=tuple(required),
    )
    assert codes(snapshot) == ([("utils-unmet", ("ml",))] if unmet else [])


def test_unmet_requirements_are_listed_and_no_others(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    snapshot = Snapshot(
        teams=(teams["analytics"], teams["ml"]),
        manifests=(),
        installed={
            "analytics": build(tmp_path, "analytics", pandas="3.0.0", pyarrow="20.0"),
            "ml": build(tmp_path, "ml", pandas="1.5.0", six="1.0"),
        },
        shared=("pandas>=2", "pyarrow>=17"),
    )
    (found,) = contracts.broken(snapshot)
    assert found.teams == ("ml",)
    assert found.message == (
        "the environment of ml does not satisfy utils: "
        "pandas>=2 (installed: 1.5.0); pyarrow>=17 (installed: none)"
    )
    assert "invoke lock --team ml" in found.fix


@pytest.fixture(scope="module")
def loaded(teams: dict[str, Team], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A team that loads, in an environment without relevant packages."""
    code = "import dagster as dg\n\ndefs = dg.Definitions()\n"
    found = locations(teams, tmp_path_factory.mktemp("loaded"), analytics=code)
    return replace(found, installed={"analytics": {"pandas": "2.0"}})


@pytest.mark.parametrize(
    ("wanted", "unmet"),
    [
        ("", False),
        (">=3.11,<3.14", False),
        (">=3.10", False),
        (">=3.14", True),
        ("<3.11", True),
    ],
)
def test_python_is_one_that_utils_supports(loaded: Snapshot, wanted: str, unmet: bool) -> None:
    snapshot = replace(loaded, shared_python=wanted)
    assert codes(snapshot) == ([("utils-unmet", ("analytics",))] if unmet else [])


@pytest.mark.parametrize(("python", "unmet"), [("3.10.1", False), ("3.13.2", True)])
def test_markers_are_evaluated_for_the_teams_own_python(
    loaded: Snapshot, python: str, unmet: bool
) -> None:
    (manifest,) = loaded.manifests
    snapshot = replace(
        loaded,
        manifests=(replace(manifest, python=python),),
        shared=("polars; python_version>='3.12'",),
    )
    assert bool(codes(snapshot)) == unmet


def test_environments_of_this_repository_satisfy_every_contract(teams: dict[str, Team]) -> None:
    shared = pyproject.read(SHARED)
    snapshot = Snapshot(
        teams=tuple(teams.values()),
        manifests=(),
        installed={name: installed.distributions(team.environment) for name, team in teams.items()},
        orchestrator=installed.distributions(venvs.orchestrator_environment().path),
        shared=tuple(shared.project["dependencies"]),
        shared_python=shared.requires_python,
    )
    assert contracts.broken(snapshot) == []
    assert snapshot.orchestrator["dagster"] != snapshot.installed["ml"]["dagster"]
    assert snapshot.shared


def test_stale_lock_is_reported_for_its_project(teams: dict[str, Team]) -> None:
    reasons = {"ml": "ml_project/requirements.txt is out of date: a pyproject.toml changed"}
    (found,) = contracts.broken(Snapshot(tuple(teams.values()), (), stale_locks=reasons))
    assert (found.code, found.teams, found.message) == ("lock-stale", ("ml",), reasons["ml"])
    assert found.fix == "invoke lock --team ml"

"""Checks of environments and locks."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.doctor import environments
from devkit.environments import installed, lockfiles, venvs
from devkit.environments.venvs import Environment, build
from devkit.registry.team import Team
from testing.doctor import codes, context, only
from testing.support import environment, wheel


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment with one package; it is the only environment, and that of the tools."""
    made = environment(tmp_path / "built", wheel(tmp_path / "wheels", "tiny"))
    build(made)
    monkeypatch.setattr(venvs, "every_environment", lambda _: [made])
    monkeypatch.setattr(environments, "TOOLS", made.path)
    monkeypatch.setattr(environments, "TOOLS_LOCK", made.lock)
    return made


def packages(built: Environment) -> Path:
    (found,) = installed.site_packages(built.path)
    return found


def test_an_environment_that_matches_its_lock_passes(built: Environment) -> None:
    for check in (environments.stale_environments, environments.drift, environments.pythons):
        assert codes(check, context(built.path)) == []


def test_a_lock_that_changed_makes_its_environment_stale(
    built: Environment, tmp_path: Path
) -> None:
    built.lock.write_text("# nothing\n", encoding="utf-8")
    one = only(environments.stale_environments, context(tmp_path))
    assert one.code == "environment-stale"
    assert "its lock changed" in one.what
    assert one.repair
    assert one.repair() == "built: its lock changed"
    assert codes(environments.stale_environments, context(tmp_path)) == []


@pytest.mark.parametrize("reason", ["missing", "lock"])
def test_an_environment_without_a_python_is_not_fixed_by_setup(
    reason: str, built: Environment, tmp_path: Path
) -> None:
    if reason == "missing":
        shutil.rmtree(built.path)
    else:
        built.lock.write_text("# nothing\n", encoding="utf-8")
    project = built.projects[0] / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace(">=3.11", ">=3.98,<3.99"), encoding="utf-8")
    one = only(environments.stale_environments, context(tmp_path))
    assert one.code == "python-missing"
    assert "needs Python >=3.98,<3.99" in one.what or "<3.99,>=3.98" in one.what
    assert "uv python install '" in one.fix
    assert one.repair is None
    project.write_text("not TOML", encoding="utf-8")
    assert codes(environments.stale_environments, context(tmp_path)) == ["environment-stale"]


def test_drift_names_changed_packages_and_repairs_them(
    built: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "SEEDS", {"pip"})
    built.lock.write_text(
        built.lock.read_text(encoding="utf-8") + wheel(tmp_path / "wheels", "gone")
    )
    build(built)
    folder = packages(built)
    shutil.rmtree(folder / "gone-1.0.dist-info")
    (folder / "tiny-1.0.dist-info").rename(folder / "tiny-2.0.dist-info")
    (folder / "By_Hand-3.dist-info").mkdir()
    ours, tools = environments.drift(context(tmp_path))
    assert ours.code == "environment-drift"
    assert "by-hand 3 was added; gone was removed; tiny is 2.0, not 1.0" in ours.what
    assert "the tools" in tools.what
    assert ours.repair
    ours.repair()
    assert codes(environments.drift, context(tmp_path)) == []


def test_an_environment_that_somebody_else_built_is_found_and_kept(
    built: Environment, tmp_path: Path
) -> None:
    (built.path / venvs.STAMP).unlink()
    Path(f"{built.path}.lock").unlink()
    one = only(environments.stale_environments, context(tmp_path))
    assert one.repair is None
    assert f"`rm -r {built.path}`, then `invoke setup`" in str(one.fix)


def test_drift_of_the_tools_is_repaired_by_the_next_command(
    built: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venvs, "every_environment", lambda _: [])
    (packages(built) / "by_hand-3.dist-info").mkdir()
    one = only(environments.drift, context(tmp_path))
    assert one.repair
    one.repair()
    assert not (built.path / venvs.STAMP).exists()


def test_a_pin_for_another_platform_or_python_is_ignored() -> None:
    lock = (
        "one==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
        "two==2.0 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n"
        "Three_Of[extra]==3.0 \\\n    --hash=sha256:00\n-e ./four\n"
        "--extra-index-url https://a.test/simple\n"
        "five[x] @ git+https://a.test/five@00 ; python_full_version >= '3.11'\n"
        "six @ https://a.test/six-1.0.tar.gz \\\n    --hash=sha256:00\n"
    )
    root = Path(__file__).parent
    with pytest.raises(DevkitError, match=r"four/pyproject\.toml not found"):  # for its name
        environments.pinned(lock, "3.11.9", root)
    lock = lock.replace("-e ./four\n", "")
    always = {"three-of": "3.0", "five": "", "six": ""}
    assert environments.pinned(lock, "3.11.9", root) == {"two": "2.0", **always}
    assert environments.pinned(lock, "3.13.1", root) == always


def test_environments_of_two_pythons_are_a_warning(
    built: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(built, name="other", path=tmp_path / "other")
    other.path.mkdir()
    (other.path / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.9.1\n", encoding="utf-8")
    monkeypatch.setattr(venvs, "every_environment", lambda _: [built, other])
    one = only(environments.pythons, context(tmp_path))
    assert (one.code, one.severity == "error") == ("pythons-differ", False)
    assert "3.9: other" in one.what


def test_a_stale_lock_is_found(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockfiles, "stale", lambda project: project.name == "ml" and "it is old")
    one = only(environments.stale_locks, context(tmp_path, *teams.values()))
    assert (one.code, one.fix) == ("lock-stale", "`invoke lock --team ml`")


def test_a_file_of_variables_that_can_not_be_read_is_found(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    team = replace(teams["ml"], directory=tmp_path)
    assert codes(environments.variable_files, context(tmp_path, team)) == []
    team.env_file.write_bytes(b"A=1\nB=caf\xe9\n")
    one = only(environments.variable_files, context(tmp_path, team))
    assert (one.code, one.what) == ("env-unusable", f"{team.env_file}, line 2: not valid UTF-8")
    assert one.fix == f"save {team.env_file} as UTF-8"


def test_every_project_s_lock_is_examined_if_one_can_not_be_read(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    broken = replace(teams["ml"], location="broken_project", directory=tmp_path)
    (tmp_path / "pyproject.toml").write_text("<<<<<<< HEAD\n", encoding="utf-8")
    one = only(environments.stale_locks, context(tmp_path, broken, *teams.values()))
    assert "invalid TOML" in one.what
    assert "edit" in one.what


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"dagster": "99.0", "dagster-webserver": "99.0"}, None),
        ({"dagster": "1.0", "dagster-webserver": "1.0"}, "orchestrator-behind"),
        ({"dagster": "99.0", "dagster-webserver": "99.1"}, "hosts-differ"),
    ],
)
def test_the_orchestrator_is_compared_with_every_team(
    teams: dict[str, Team],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, str],
    code: str | None,
) -> None:
    real = installed.distributions
    orchestrator = venvs.orchestrator_environment().path
    monkeypatch.setattr(
        installed, "distributions", lambda path: changed if path == orchestrator else real(path)
    )
    found = set(codes(environments.skew, context(tmp_path, *teams.values())))
    assert found == ({code} if code else set())


def test_an_environment_without_a_requirement_of_utils_is_found(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = installed.distributions
    monkeypatch.setattr(
        installed,
        "distributions",
        lambda path: {
            name: version
            for name, version in real(path).items()
            if name != "pyarrow" or path != teams["ml"].environment
        },
    )
    one = only(environments.skew, context(tmp_path, *teams.values()))
    assert one.code == "utils-unmet"
    assert "pyarrow" in one.what

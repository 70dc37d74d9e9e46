"""Contracts on isolation: no team imports or installs another team's package."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from devkit import contracts
from devkit.contracts.snapshot import Finding, Snapshot
from devkit.core.paths import SHARED
from devkit.environments import installed, venvs
from devkit.registry.team import Team
from testing.contracts import load, write
from testing.support import environment, wheel

DEFS = "import dagster as dg\n\n@dg.asset\ndef {name}() -> None: ...\n"

# The team whose package the others import, or seem to: files by name.
SHOP = {
    "till.py": "PRICE = 1\n",
    "../shop_project_tests/test_till.py": "def test_till() -> None: ...\n",
}

# Teams that import it: their files, and the file and the line of the import.
BREAKS: Mapping[str, tuple[Mapping[str, str], str, int]] = {
    "lazy": ({"deep/x.py": "def f():\n    import shop_project.till as t\n"}, "x.py", 2),
    "guarded": (
        {"x.py": "try:\n    from shop_project.till import PRICE\nexcept ImportError: ...\n"},
        "x.py",
        2,
    ),
    "typed": (
        {
            "x.py": (
                "from typing import TYPE_CHECKING\n\n"
                "if TYPE_CHECKING:\n    from shop_project import till as prices\n"
            )
        },
        "x.py",
        4,
    ),
    "tested": ({"../tested_project_tests/test_x.py": "import shop_project\n"}, "test_x.py", 1),
    "testing": (
        {"x.py": "def f():\n    from shop_project_tests import test_till\n"},
        "x.py",
        2,
    ),
    "dynamic": (
        {
            "x.py": (
                "import importlib, pathlib, sys\n\n"
                "here = pathlib.Path(__file__).parents[2]\n"
                "sys.path.append(str(here / 'shop_project'))\n"
                "importlib.import_module('shop_' + 'project.till')\n"
            )
        },
        "",
        0,
    ),
}

# Teams that import only their own or shared packages.
HOLDS: Mapping[str, Mapping[str, str]] = {
    "own": {
        "absolute.py": "from own_project.sub import y\nimport own_project.sub.y\n",
        "sub/__init__.py": "",
        "sub/y.py": "",
        "relative.py": "from . import shop_project\nfrom .shop_project import till\n",
        "shop_project.py": "till = 1\n",
        "shared.py": "import utils\nfrom utils import tables\nimport pandas\n",
        "mentions.py": (
            '"""import shop_project"""\n\n# import shop_project\n'
            "TEXT = 'from shop_project import till'\nKEYS = ['shop_project']\n"
            "shop_project = None\n"
        ),
        "mentions.yaml": "import: shop_project\n",
        "mentions.sql": "import shop_project\n",
        "../.venv-old/lib/x.py": "import shop_project\n",
        "../env/pyvenv.cfg": "home = /usr/bin\n",
        "../env/lib/x.py": "import shop_project\n",
        "../__pycache__/x.py": "import shop_project\n",
        "../.ipynb_checkpoints/x.py": "import shop_project\n",
    },
    "shop_project_eu": {"x.py": "import shop_project_eu_project as mine\n"},
}


@pytest.fixture(scope="module")
def snapshot(teams: Mapping[str, Team], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A team for each case, and the shop."""
    folder = tmp_path_factory.mktemp("isolation")
    files: dict[str, Mapping[str, str]] = {"shop": SHOP, **HOLDS}
    files.update((name, case[0]) for name, case in BREAKS.items())
    turns = [*teams.values()] * len(files)
    written = {}
    for turn, (name, own) in zip(turns, files.items(), strict=False):
        code = DEFS.format(name=f"of_{name}")
        written[name] = write(turn, folder, name, {"assets.py": code, **own})
    return load(written)


def of(snapshot: Snapshot, team: str) -> list[Finding]:
    return [finding for finding in contracts.broken(snapshot) if finding.teams[0] == team]


@pytest.mark.parametrize("name", BREAKS)
def test_import_of_another_teams_package_is_found_at_its_line(
    snapshot: Snapshot, name: str
) -> None:
    _, file, line = BREAKS[name]
    (found,) = of(snapshot, name)
    assert (found.code, found.teams) == ("foreign-import", (name, "shop"))
    assert "shop_project" in found.message
    if file:
        assert found.source is not None
        assert (found.source.file.name, found.source.line) == (file, line)
    else:  # no file imports it by name
        assert found.source is None


@pytest.mark.parametrize("name", HOLDS)
def test_other_imports_have_no_findings(snapshot: Snapshot, name: str) -> None:
    assert of(snapshot, name) == []


def test_no_other_import_is_found(snapshot: Snapshot) -> None:
    assert len(contracts.broken(snapshot)) == len(BREAKS)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["shop_project"], ["foreign-install"]),
        (["shop_project", "other"], ["foreign-install"]),
        (["own_project", "shop", "shop_project_eu", "dagteam_utils"], []),
        ([], []),
    ],
)
def test_installed_package_of_another_team_is_found(
    snapshot: Snapshot, tmp_path: Path, names: list[str], code: list[str]
) -> None:
    lock = "".join(wheel(tmp_path / "wheels", name) for name in names)
    built = environment(tmp_path / "own_project", lock, name="own")
    venvs.build(built)
    registry = {team.name: team for team in snapshot.teams}
    team = replace(registry["own"], directory=tmp_path / "own_project", python=built.python)
    assert team.environment == built.path
    known = Snapshot(
        teams=(team, registry["shop"]),
        manifests=(),
        installed={"own": installed.distributions(team.environment)},
    )
    found = contracts.broken(known)
    assert [finding.code for finding in found] == code
    for finding in found:
        assert finding.teams == ("own", "shop")
        assert "own_project/pyproject.toml" in finding.fix


def test_utils_belongs_to_no_team(teams: Mapping[str, Team]) -> None:
    known = Snapshot(
        teams=tuple(teams.values()),
        manifests=(),
        installed={name: installed.distributions(team.environment) for name, team in teams.items()},
    )
    assert all("dagteam-utils" in found for found in known.installed.values()), SHARED
    assert contracts.broken(known) == []

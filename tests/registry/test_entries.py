"""Every kind of entry that Dagster has, in its short and its long form."""

from pathlib import Path

import pytest

from devkit.registry.entries import Entry, nodes
from devkit.registry.team import Kind
from devkit.registry.workspace import Remote, load_remotes, load_teams, teams_in

PYTHON = "executable_path: shop/.venv/bin/python"


def entry(text: str) -> Entry:
    """The entry in a list of one."""
    (node,) = nodes(f"load_from:\n  - {text}\n")
    return Entry(node)


@pytest.mark.parametrize(
    ("text", "kind", "loaded", "location"),
    [
        ("python_module: shop.defs", Kind.MODULE, "shop.defs", "shop.defs"),
        ("python_package: shop", Kind.PACKAGE, "shop", "shop"),
        ("python_file: shop/repo.py", Kind.FILE, "shop/repo.py", "repo.py"),
        ("autoload_defs_module: shop.defs", Kind.AUTOLOAD, "shop.defs", "shop.defs"),
        (
            "python_module: {module_name: shop, attribute: defs}",
            Kind.MODULE,
            "shop",
            "shop:defs",
        ),
        ("python_package: {package_name: shop, location_name: a b}", Kind.PACKAGE, "shop", "a b"),
        (
            "python_file: {relative_path: ./shop/repo.py, attribute: make}",
            Kind.FILE,
            "shop/repo.py",
            "repo.py:make",
        ),
    ],
)
def test_what_is_loaded_and_the_name_that_dagster_gives_it(
    text: str, kind: Kind, loaded: str, location: str
) -> None:
    found = entry(text)
    assert (found.kind, found.loaded, found.location) == (kind, loaded, location)
    assert not found.is_remote


def test_an_entry_may_leave_out_all_but_its_environment(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "workspace.yaml").write_text(
        f"load_from:\n  - python_module: {{module_name: shop.defs, {PYTHON}}}\n", encoding="utf-8"
    )
    (team,) = load_teams(tmp_path)
    assert (team.location, team.name, team.identifier) == ("shop.defs", "shop_defs", "shop_defs")
    assert (team.directory, team.cwd) == (tmp_path / "shop", tmp_path)


def test_two_locations_may_share_a_project_and_an_environment(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    lines = [f"  - python_module: {{module_name: shop.{name}, {PYTHON}}}" for name in "ab"]
    (tmp_path / "workspace.yaml").write_text("\n".join(["load_from:", *lines, ""]), "utf-8")
    first, second = load_teams(tmp_path)
    assert first.directory == second.directory
    assert first.environment == second.environment


def test_a_remote_location_is_no_team_and_is_passed_on_as_it_is(tmp_path: Path) -> None:
    text = (
        "load_from:\n  - grpc_server: {host: far, port: 4000, location_name: Far away}\n"
        "  - grpc_server:\n      port: 4001\n"
    )
    (tmp_path / "workspace.yaml").write_text(text, encoding="utf-8")
    assert load_teams(tmp_path) == ()
    assert load_remotes(tmp_path) == (
        Remote("Far away", {"host": "far", "port": 4000, "location_name": "Far away"}),
        Remote("grpc:localhost:4001", {"port": 4001}),
    )
    assert teams_in(text, tmp_path) == ()

"""Editing somebody's workspace.yaml: the entries get what a team needs, and comments stay."""

from typing import Any

import pytest
import yaml

from devkit.adoption import registry
from devkit.adoption.model import PlannedTeam


def team(location: str, entry: dict[str, Any]) -> PlannedTeam:
    return PlannedTeam(
        location, location, "module", "x", None, entry, location, project_is_new=False,
        working_directory=".", import_root=".", sources=(),
    )  # fmt: skip


PYTHON = "teams/tea/.venv-tea/bin/python"
LONG = {"module_name": "tea.definitions", "location_name": "tea", "executable_path": PYTHON}

CASES = {
    "long": (
        "# Ours.\nload_from:\n  - python_module:   # tea\n      module_name: tea.definitions # x\n"
        "      location_name: tea\n  # The next.\n  - grpc_server:\n      host: far\n",
        {"python_module": LONG},
        "# Ours.\nload_from:\n  - python_module:   # tea\n      module_name: tea.definitions # x\n"
        f"      location_name: tea\n      executable_path: {PYTHON}\n  # The next.\n"
        "  - grpc_server:\n      host: far\n",
    ),
    "short": (
        "load_from:\n- python_file: tea/repo.py   # tea\n",
        {"python_file": {"relative_path": "tea/repo.py", "executable_path": PYTHON}},
        "load_from:\n- python_file:   # tea\n    relative_path: tea/repo.py\n"
        f"    executable_path: {PYTHON}\n",
    ),
    "short without a last line's end": (
        "load_from:\n  - python_package: tea",
        {"python_package": {"package_name": "tea", "executable_path": PYTHON}},
        "load_from:\n  - python_package:\n      package_name: tea\n"
        f"      executable_path: {PYTHON}",
    ),
    "flow": (
        "load_from: [{python_module: {module_name: tea.definitions, location_name: tea}}] # all\n",
        {"python_module": LONG},
        "load_from: [{python_module: {module_name: tea.definitions, location_name: tea, "
        f"executable_path: {PYTHON}}}}}] # all\n",
    ),
    "flow and short": (
        "load_from: [python_file: tea.py]\n",
        {"python_file": {"relative_path": "tea.py", "executable_path": PYTHON}},
        f"load_from: [python_file: {{relative_path: tea.py, executable_path: {PYTHON}}}]\n",
    ),
    "another interpreter": (
        "load_from:\n- python_module:\n    module_name: tea.definitions\n"
        "    location_name: tea\n    executable_path: .venv/bin/python # old\n",
        {"python_module": LONG},
        "load_from:\n- python_module:\n    module_name: tea.definitions\n"
        f"    location_name: tea\n    executable_path: {PYTHON} # old\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_entry_gets_what_it_lacks(case: str) -> None:
    before, entry, after = CASES[case]
    assert registry.edited(before, [team("tea", entry)]) == after
    assert yaml.safe_load(after)["load_from"][0] == entry


def test_two_entries_of_one_module_are_told_apart_by_their_names() -> None:
    before = (
        "load_from:\n- python_file: {relative_path: a.py, attribute: one}\n"
        "- python_file: {relative_path: a.py, attribute: two}\n"
    )
    teams = [
        team(name, {"python_file": {"relative_path": "a.py", "attribute": name,
                                    "executable_path": f"{name}/.venv-{name}/bin/python"}})
        for name in ("two", "one")
    ]  # fmt: skip
    after = registry.edited(before, teams)
    assert after
    found = [one["python_file"] for one in yaml.safe_load(after)["load_from"]]
    assert [one["executable_path"][:3] for one in found] == ["one", "two"]


def test_a_list_that_can_t_be_edited_is_written_anew() -> None:
    before = (
        "x: &entry {module_name: tea.definitions, location_name: tea}\n"
        "load_from:\n- python_module: *entry\n- grpc_server: {port: 1}\n"
    )
    teams = [team("tea", {"python_module": LONG})]
    after = registry.edited(before, teams) or registry.rewritten(before, teams)
    found = yaml.safe_load(after)["load_from"]
    assert found == [{"python_module": LONG}, {"grpc_server": {"port": 1}}]
    assert registry.edited("[]", teams) is None


@pytest.mark.parametrize("case", CASES)
def test_what_was_written_can_be_taken_out_of_a_registry_that_was_edited_since(case: str) -> None:
    before, _, after = CASES[case]
    assert registry.reverted(before, after, after) == before
    if after.endswith("\n"):
        assert registry.reverted(before, after, f"{after}- mine: x\n") == f"{before}- mine: x\n"
    assert registry.reverted(before, after, "load_from: []\n") is None

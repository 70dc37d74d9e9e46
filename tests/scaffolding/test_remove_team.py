"""What a removal asks before it begins: who reads the team's assets, and what git does not have.

A whole removal is in test_new_team.py.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.definitions.manifest import Sensor
from devkit.registry.workspace import load_teams
from devkit.scaffolding import remove_team
from testing.lineage import made, manifest, stub
from testing.repositories import Repository

TEA = manifest("tea", made("leaves"), made("cups", "leaves"))
READERS = {
    "an asset": manifest("milk", made("latte", "leaves")),
    "a check": manifest("milk", stub("cups"), checks=[("leaves", "fresh")]),
    "a declaration": manifest("milk", stub("leaves")),
    "a sensor": manifest(
        "milk", sensors=[Sensor("s", "AssetSensorDefinition", False, ("leaves",), None)]
    ),
    "a condition": manifest("milk", replace(made("latte"), watches=("leaves",))),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_whoever_needs_an_asset_is_named_with_it(reader: object) -> None:
    assert "leaves" in remove_team.readers(TEA.team, [TEA, reader])["milk"]  # type: ignore[list-item]


def test_who_needs_nothing_of_it_is_not_named() -> None:
    others = [manifest("milk", made("cream")), manifest("sugar", made("cubes", "cream"))]
    assert remove_team.readers(TEA.team, [TEA, *others]) == {}


def test_work_is_what_git_does_not_have_and_no_tool_makes_anew(repository: Repository) -> None:
    repository.write("tea/old.py")
    repository.commit()
    for file in ("code.py", "new.py", "staged.py", "brew.log", ".venv-tea/bin/python"):
        repository.write(f"tea/{file}")
    repository.write("sugar/new.py")
    repository.git("add", "tea/staged.py")
    (repository.root / "tea/old.py").unlink()
    tea, *_ = load_teams(repository.root)
    lost = {f"tea/{file}" for file in ("code.py", "new.py", "staged.py", "brew.log")}
    found = remove_team.work(tea)
    assert set(found) == lost
    assert found[0] == "tea/brew.log"


def test_without_git_all_of_it_is_work(tmp_path: Path) -> None:
    team = replace(TEA.team, directory=tmp_path)
    assert remove_team.work(team) == ["all of it, since this is no git checkout"]

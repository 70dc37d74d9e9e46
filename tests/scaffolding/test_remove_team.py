"""What a removal checks first: the consumers of the team's assets, and uncommitted files.

A whole removal is in test_new_team.py.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.definitions.manifest import Monitored, Sensor
from devkit.registry.workspace import load_teams
from devkit.scaffolding import remove_team
from testing.lineage import asset, external_asset, manifest
from testing.repositories import Repository

TEA = manifest("tea", asset("leaves"), asset("cups", "leaves"))
CONSUMERS = {
    "an asset": manifest("milk", asset("latte", "leaves")),
    "a check": manifest("milk", external_asset("cups"), checks=[("leaves", "fresh")]),
    "a declaration": manifest("milk", external_asset("leaves")),
    "a sensor": manifest("milk", sensors=[Sensor("s", ("leaves",), None)]),
    "a condition": manifest("milk", replace(asset("latte"), watches=("leaves",))),
}


@pytest.mark.parametrize("consumer", CONSUMERS.values(), ids=CONSUMERS)
def test_consumers_are_named_with_the_asset(consumer: object) -> None:
    assert "leaves" in remove_team.consumers(TEA.team, [TEA, consumer])["milk"]  # type: ignore[list-item]


@pytest.mark.parametrize("job", ["brew", None])
def test_who_waits_for_the_runs_of_a_team_needs_it(job: str | None) -> None:
    sensor = Sensor("after", (), None, (Monitored("tea_project", None, job),))
    milk = manifest("milk", sensors=[sensor])
    assert remove_team.consumers(TEA.team, [TEA, milk]) == {"milk": ["runs of tea_project"]}
    assert remove_team.consumers(milk.team, [TEA, milk]) == {}


def test_other_teams_are_not_consumers() -> None:
    others = [manifest("milk", asset("cream")), manifest("sugar", asset("cubes", "cream"))]
    assert remove_team.consumers(TEA.team, [TEA, *others]) == {}


def test_uncommitted_files_leave_out_what_git_has_and_what_tools_regenerate(
    repository: Repository,
) -> None:
    repository.write("tea/old.py")
    repository.commit()
    for file in ("code.py", "new.py", "staged.py", "brew.log", ".venv-tea/bin/python"):
        repository.write(f"tea/{file}")
    repository.write("sugar/new.py")
    repository.git("add", "tea/staged.py")
    (repository.root / "tea/old.py").unlink()
    tea, *_ = load_teams(repository.root)
    lost = {f"tea/{file}" for file in ("code.py", "new.py", "staged.py", "brew.log")}
    found = remove_team.uncommitted_files(tea, repository.root)
    assert set(found) == lost
    assert found[0] == "tea/brew.log"


def test_without_git_every_file_is_uncommitted(tmp_path: Path) -> None:
    team = replace(TEA.team, directory=tmp_path)
    assert remove_team.uncommitted_files(team) == ["all of it, since this is not a Git repository"]


@pytest.mark.parametrize("name", ["", " ", "analytics,ml"])
def test_a_name_of_no_team_or_of_two_removes_nothing(name: str) -> None:
    with pytest.raises(DevkitError, match="expected exactly one team"):
        remove_team.remove(name, force=True)

"""What a plan says of a team is what the registry finds once the plan is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from devkit.adoption import files, planning
from devkit.adoption.questions import Answers
from devkit.environments import imports
from devkit.kit.contents import Source
from devkit.registry.workspace import load_remotes, load_teams
from testing import foreign

ANSWERS = {"locations": "all"}


@pytest.mark.parametrize("shape", foreign.SHAPES.values(), ids=foreign.SHAPES)
def test_the_registry_finds_what_was_planned(tmp_path: Path, shape: Callable[[Path], Path]) -> None:
    root = shape(tmp_path)
    plan = planning.plan(root, Answers(ANSWERS))
    made = files.of_plan(plan, Source(tmp_path, "0", "", {}), "")
    for name, content in made.commit.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    teams = load_teams(root)
    assert len(load_remotes(root)) == len(plan.remotes)
    for planned, team in zip(plan.teams, teams, strict=True):
        assert (team.location, team.name) == (planned.location, planned.slug)
        assert (team.module, team.attribute) == (planned.value, planned.attribute)
        assert team.folder_below(root) == planned.project
        assert team.on_path == root / planned.working_directory
        assert team.cwd == root / planned.runs_in
        assert team.import_root == root / planned.import_root
        assert team.sources == tuple(root / path for path in planned.sources)
        assert team.tests == tuple(root / path for path in planned.tests)
        for path in team.tests:
            assert path.exists()
        roots = [team.import_root, team.on_path]
        found = imports.reached(team.sources, roots, [*team.neighbors, team.directory])
        declared = {root / path for path in team.declared.get("libraries", ())}
        assert set(found) <= {root / path for path in planned.libraries}
        assert declared <= {root / path for path in planned.libraries}

"""A change of the registry that fails, is interrupted or is killed at any step leaves no trace."""

import json

import pytest

from testing.support import Checkout, run

# Runs a whole creation or removal of a team again and again, and ends it at its first effect on
# the disk, at the second, and so on. What needs a network or a minute is left out, except for the
# files that it would write. Prints at which effect it was complete, or what was not undone.
STORY = """
import json, os, pathlib, shutil, sys
from devkit.core import output
from devkit.core.paths import ROOT
from devkit.registry import journal
from devkit.registry.workspace import load_teams
from devkit.scaffolding import names, new_team, remove_team, transaction

command, end = sys.argv[1:]
TEAM = load_teams(ROOT)[0]

def nothing(*_, **__):
    return set()

def lock(projects):
    for project in projects:
        project.local.write_text("locked\\n", encoding="utf-8")
        (project.local.parent / ".venv-newcomer/bin").mkdir(parents=True)

names._environments_with = lambda *_: iter(())
new_team.venvs.build_all = remove_team.venvs.build_all = nothing
new_team.venvs.require_built = new_team._require_sound = nothing
new_team.cache.load_all = lambda teams: []
new_team.render.tidy = lambda folder: []
new_team.resolver.update = lock
def generated(teams):
    every = ROOT / ".vscode/tasks.json"
    each = [ROOT / f"deploy/helm/{team.location}.yaml" for team in teams]
    each += [team.directory / ".vscode/settings.json" for team in teams]
    return {path: f"`invoke derive` {len(teams)}" for path in (every, *each)}

transaction.generated.files = generated
transaction.lineage.draw = lambda teams, target, **_: target.write_text("drawn\\n")
transaction.venvs.stale = nothing
output.info = output.warn = os.fsync = lambda *_: None

def tree():
    return {
        str(path.relative_to(ROOT)): path.read_bytes() if path.is_file() else None
        for folder in ROOT.iterdir()
        if folder.name not in {".git", ".venv-tools", ".dagteam"}
        for path in (folder, *folder.rglob("*"))
        if not path.name.endswith((".new", ".pyc", "__pycache__"))
    }

class Ended(KeyboardInterrupt):
    pass

def stop():
    if end == "kill":
        os._exit(9)
    raise Ended

left = 0

def counted(function):
    def effect(*arguments, **options):
        global left
        left -= 1
        if left == 0:
            stop()
        return function(*arguments, **options)
    return effect

for owner, name in (
    (pathlib.Path, "mkdir"), (pathlib.Path, "write_text"), (pathlib.Path, "write_bytes"),
    (pathlib.Path, "replace"), (pathlib.Path, "rename"), (pathlib.Path, "unlink"),
    (shutil, "rmtree"), (journal.Journal, "_record"), (journal.Journal, "complete"),
):
    setattr(owner, name, counted(getattr(owner, name)))

def act():
    if command == "new-team":
        new_team.create("newcomer", [])
    else:
        remove_team.remove(TEAM.name, force=True)

def recover():
    if found := journal.unfinished():
        removing = found.location if found.command == "new-team" else ""
        transaction.finish_interrupted(removing)

before = tree()
for number in range(1, 500):
    child = os.fork()
    if not child:
        left = number
        try:
            act()
        except Ended:
            os._exit(1)
        os._exit(0)
    os.waitpid(child, 0)
    complete = tree() != before and journal.unfinished() is None
    recover()
    if complete:  # when at most the trash is left to delete
        print(json.dumps({"complete": number}))
        break
    now = tree()
    if now != before:
        names = [name for name in before | now if before.get(name) != now.get(name)]
        print(json.dumps({"not undone": [number, names]}))
        break
"""


@pytest.mark.parametrize("end", ["kill", "interrupt"])
@pytest.mark.parametrize("command", ["new-team", "remove-team"])
def test_ended_at_any_step_it_brings_back_what_was(
    command: str, end: str, checkout: Checkout
) -> None:
    python = checkout.root / ".venv-tools/bin/python"
    done = run([python, "-B", "-c", STORY, command, end], checkout.root)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["complete"] > (60 if command == "new-team" else 20)

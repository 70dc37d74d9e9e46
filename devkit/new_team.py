"""`invoke new-team`: a team that loads and is known to everything, or no trace of one."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

from devkit import (
    alterations,
    cache,
    check,
    contracts,
    environments,
    locking,
    locks,
    names,
    output,
    parallel,
    processes,
    registration,
    registry,
    reports,
    scaffold,
)
from devkit.bootstrap import ROOT, clean_environment
from devkit.errors import DevkitError
from devkit.manifest import Manifest
from devkit.probe import Failure
from devkit.scaffold import Upstream
from devkit.workspace import Team, load_teams


def make(name: str, keys: Sequence[str]) -> None:
    """Make a team of this name, with a reader of each of these assets.

    Whatever fails or is interrupted on the way, nothing of it is left.

    Raises:
        DevkitError: for a name that no team can have, a key that no team makes, and for what
            the machine or the package index says no to.
    """
    teams = load_teams(ROOT)
    alterations.require_nothing_left(teams)
    team = names.new_team(name, teams)
    unbuilt = environments.unbuilt(teams)
    known = cache.load_all([each for each in teams if each.name not in unbuilt])
    upstreams = [upstream(key, known) for key in dict.fromkeys(keys)]
    with alterations.alone(team, teams), alterations.told(team, "made"), _removed_unless_done(team):
        _write(team, upstreams)
        (room,) = (each for each in locks.rooms([team]) if each.name == team.name)
        locking.update([room])
        parallel.require(environments.ensure([environments.team_environment(team)]))
        every = (*teams, team)
        known = cache.load_all([each for each in every if each.name not in unbuilt])
        _require_sound(team, every, known)
        with registration.changed(teams, every, registry.with_team(registry.read(), team)):
            pass  # that was the last
    output.say(
        f"{team.name} is a team: {team.directory.name}/, and what is derived from the registry.\n"
        f"Start in {team.directory.name}/{team.package}/defs/, see it with `invoke dev`, "
        f"test it with `invoke test --team {team.name}`, and commit it: `git add --all`."
    )


def upstream(key: str, known: Sequence[Manifest | Failure]) -> Upstream:
    """The asset of this key, as its maker declares it.

    Raises:
        DevkitError: if no team makes it, with the nearest key that one does; or if it is
            partitioned, since how that is read is for the reader to say.
    """
    made = {
        asset.key: (asset, found.team)
        for found in known
        if isinstance(found, Manifest)
        for asset in found.makes.values()
    }
    if key not in made:
        near = get_close_matches(key, made, n=1, cutoff=0.5)
        broken = [found.team.name for found in known if isinstance(found, Failure)]
        raise DevkitError(
            f"no team makes an asset {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            expected=", ".join(made),
            found=f"what {', '.join(broken)} makes is not known" if broken else None,
            mend="invoke check" if broken else "see `invoke lineage`",
        )
    asset, team = made[key]
    if asset.partitions:
        raise DevkitError(
            f"{key} of {team.name} is partitioned: which partitions are read is for you to say",
            expected="an asset without partitions",
            mend="leave it out, then declare it by hand: docs/contracts.md, partitions-unmappable",
        )
    return Upstream(key, team.name, asset.columns)


def _write(team: Team, upstreams: Sequence[Upstream]) -> None:
    """Write the project's files, as the repository's style has them."""
    for path, text in scaffold.files(team, upstreams).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    environments.team_environment(team).lock.write_text(scaffold.preferred_pins())
    for argv in scaffold.tidy(team.directory):
        done = processes.run(argv, cwd=ROOT, env=clean_environment())
        if done.code:
            raise DevkitError(f"the templates of a new team do not fit {team.name}\n{done.text}")


def _require_sound(team: Team, teams: Sequence[Team], known: Sequence[Manifest | Failure]) -> None:
    """Hold that the new team loads, and that no contract with another is broken by it."""
    found = known[-1]
    if isinstance(found, Failure):
        raise DevkitError(f"{team.name} does not load\n{reports.failure(found, tracebacks=True)}")
    findings = contracts.broken(check.survey(teams, known))
    if broken := [one for one in findings if team.name in one.teams]:
        raise DevkitError("\n".join(reports.finding(one) for one in broken))
    output.say(f"{team.name} loads: {reports.contents(found)}")


@contextmanager
def _removed_unless_done(team: Team) -> Iterator[None]:
    """Take the new folder away again if what happens in it fails or is interrupted."""
    team.directory.mkdir()
    try:
        yield
    except BaseException:
        with alterations.undisturbed():
            shutil.rmtree(team.directory)
            cache.forget(team)
        output.complain(f"nothing of {team.name} is left: no team was made")
        raise

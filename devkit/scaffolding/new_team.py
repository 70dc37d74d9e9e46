"""Creates a team that loads and that every generated file lists, or rolls everything back."""

from collections.abc import Sequence

from devkit import contracts
from devkit.contracts import reports
from devkit.contracts.collect import collect
from devkit.core import output, processes
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, doc
from devkit.core.wording import did_you_mean
from devkit.definitions import cache
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import resolver, venvs
from devkit.environments.project import team_project
from devkit.registry import edit
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from devkit.scaffolding import names, render, transaction
from devkit.scaffolding.render import Upstream


def create(name: str, keys: Sequence[str]) -> None:
    """Create a team of this name, with a consumer of each of these assets.

    If anything fails or is interrupted, everything is rolled back.

    Raises:
        DevkitError: if no team can have this name, if no team produces a key, or if the system or
            the package index refuses something.
    """
    transaction.finish_interrupted()
    teams = load_teams(ROOT)
    team = names.new_team(name, teams)
    failed = venvs.build_all(teams)
    known = cache.load_all([each for each in teams if each.name not in failed])
    upstreams = [upstream(key, known) for key in dict.fromkeys(keys)]
    with transaction.change(transaction.CREATED, team, teams) as steps:
        steps.create(team.directory)
        _write(team, upstreams)
        resolver.update([team_project(team)])
        venvs.require_built([venvs.team_environment(team)])
        every = (*teams, team)
        known = cache.load_all([each for each in every if each.name not in failed])
        _require_sound(team, every, known)
        transaction.update_registry(steps, teams, every, edit.with_team(edit.read(), team))
    output.info(
        f"Created team {team.name} in {team.folder}/, and updated the generated files.\n"
        f"Start in {team.folder}/{team.package}/defs/, see it with `invoke dev`, "
        f"test it with `invoke test --team {team.name}`, and commit it: `git add --all`."
    )


def upstream(key: str, known: Sequence[Manifest | Failure]) -> Upstream:
    """The asset of this key, as its producer declares it.

    Raises:
        DevkitError: if no team produces it (suggests a similar key), or if it is partitioned,
            since only the team itself can choose the partitions.
    """
    produced = {
        asset.key: (asset, found.team)
        for found in known
        if isinstance(found, Manifest)
        for asset in found.produces.values()
    }
    if key not in produced:
        broken = [found.team.name for found in known if isinstance(found, Failure)]
        raise DevkitError(
            f"no team produces an asset {key!r}{did_you_mean(key, produced)}",
            expected=", ".join(produced),
            found=f"{', '.join(broken)} does not load, so what it produces is unknown"
            if broken
            else None,
            fix="invoke check" if broken else "see `invoke lineage`",
        )
    asset, team = produced[key]
    if asset.partitions:
        raise DevkitError(
            f"{key} of {team.name} is partitioned, and `--upstream` can't choose partitions",
            expected="an asset without partitions",
            fix=f"omit it, then declare it by hand: {doc('contracts.md')}, partitions-unmappable",
        )
    return Upstream(key, team.name, asset.columns)


def _write(team: Team, upstreams: Sequence[Upstream]) -> None:
    """Write the project's files, and format them."""
    for path, text in render.files(team, upstreams).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    team_project(team).local.write_text(render.preferred_pins(), encoding="utf-8")
    for argv in render.tidy(team.directory):
        done = processes.run(argv, cwd=ROOT, env=clean_environment())
        if done.code:
            raise DevkitError(f"the files of {team.name} could not be formatted\n{done.combined}")


def _require_sound(team: Team, teams: Sequence[Team], known: Sequence[Manifest | Failure]) -> None:
    """Require that the new team loads, and that it breaks no contract with another."""
    found = known[-1]
    if isinstance(found, Failure):
        raise DevkitError(f"{team.name} does not load\n{reports.failure(found, tracebacks=True)}")
    findings = contracts.broken(collect(teams, known))
    if broken := [one for one in findings if team.name in one.teams]:
        raise DevkitError("\n".join(reports.finding(one) for one in broken))
    output.info(f"{team.name} loads: {reports.contents(found)}")

"""Checks that every team's definitions load, and that the contracts between teams hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from devkit import contracts
from devkit.contracts import reports
from devkit.contracts.collect import collect
from devkit.contracts.reports import Result
from devkit.core import output, parallel
from devkit.core.errors import DevkitError
from devkit.definitions import cache
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.workspace import Team

FORMATS = ("text", "json", "github")


@dataclass(frozen=True)
class Options:
    """What a check takes into account, and what it shows.

    `unbuilt` are the names of the teams whose environment can't be built; `stale_locks` are the
    reasons why locks are stale, by project; `use_cache` takes cached manifests of teams that have
    not changed; `tracebacks` adds Dagster's own frames to a failure.
    """

    unbuilt: frozenset[str] = frozenset()
    stale_locks: Mapping[str, str] = field(default_factory=dict)
    use_cache: bool = True
    tracebacks: bool = False


def check(
    chosen: Sequence[Team], teams: Sequence[Team], options: Options, *, form: str = "text"
) -> None:
    """Load what is not cached, check the contracts, and print every result.

    `chosen` are the teams whose failure to load fails the check; contracts are checked between
    all `teams`. `form` is one of FORMATS.

    Raises:
        DevkitError: naming each chosen team that does not load and each contract violation.
    """
    if form not in FORMATS:
        raise DevkitError(f"unknown format {form!r}", expected=", ".join(FORMATS))
    result = examine(chosen, teams, options)
    _print(result)
    if form == "json":
        output.emit(reports.as_json(result))
    elif form == "github":
        output.emit(reports.annotations(result))
    _require(result)


def examine(chosen: Sequence[Team], teams: Sequence[Team], options: Options) -> Result:
    """Load and judge; prints each load as it finishes."""
    found: dict[str, Manifest | Failure] = {
        team.name: Failure(team, "its environment can't be built", None)
        for team in teams
        if team.name in options.unbuilt
    }
    digests = cache.digests(teams)
    for team in teams:
        if team.name not in found and options.use_cache:
            cached = cache.get(team, digests[team.name])
            if cached:
                found[team.name] = cached
    missing = [team for team in teams if team.name not in found]

    def load(team: Team) -> parallel.Outcome:
        loaded = cache.load(team, digests[team.name])
        found[team.name] = loaded
        return _outcome(loaded, tracebacks=options.tracebacks)

    if missing:
        parallel.run("loading definitions", {team.name: partial(load, team) for team in missing})
    snapshot = collect(teams, list(found.values()), options.stale_locks)
    return Result(
        chosen=tuple(team.name for team in chosen),
        found={team.name: found[team.name] for team in teams},
        loaded=frozenset(team.name for team in missing),
        findings=contracts.broken(snapshot),
    )


def _outcome(found: Manifest | Failure, *, tracebacks: bool) -> parallel.Outcome:
    if isinstance(found, Manifest):
        return parallel.Outcome(found.team.name, ok=True, text=reports.contents(found))
    details = reports.failure(found, tracebacks=tracebacks)
    return parallel.Outcome(found.team.name, ok=False, text="does not load", details=details)


def _print(result: Result) -> None:
    if result.cached:
        number = f"{len(result.cached)} of {len(result.found)}"
        output.info(f"{number} teams unchanged since they last loaded (cached)")
    if result.other_failures:
        output.info(
            f"{', '.join(result.other_failures)} did not load, so missing producers were not "
            "checked"
        )
    for finding in result.findings:
        output.block(finding.code, reports.finding(finding))


def _require(result: Result) -> None:
    """Raise the one error for all that is wrong."""
    wrong = []
    if result.failures:
        names = ", ".join(one.team.name for one in result.failures)
        wrong.append(f"{len(result.failures)} of {len(result.chosen)} failed to load: {names}")
    if result.findings:
        codes = ", ".join(dict.fromkeys(finding.code for finding in result.findings))
        wrong.append(f"contract violations: {codes}")
    if wrong:
        raise DevkitError("\n".join(wrong))

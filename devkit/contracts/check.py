"""Checks that every team's definitions load, and that the contracts between teams hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from devkit import contracts
from devkit.contracts import baseline, reports
from devkit.contracts.collect import collect
from devkit.contracts.reports import Result
from devkit.core import output, parallel
from devkit.core.errors import DevkitError
from devkit.core.export import WORK_TREE, Files
from devkit.core.paths import BASELINE, shown
from devkit.core.wording import counted
from devkit.definitions import cache
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.team import Team

FORMATS = ("text", "json", "github")


@dataclass(frozen=True)
class Options:
    """What a check takes into account, and what it prints.

    `unbuilt` are the reasons why the environments of some teams can't be built, by team;
    `stale_locks` are the reasons why locks are stale, by project. With `use_cache`,
    unchanged teams are not loaded again; with `tracebacks`, failures show Dagster's own frames
    too. `timeout` is the time limit of each team in seconds, by default its own; `files` are those
    that are checked.
    """

    unbuilt: Mapping[str, str] = field(default_factory=dict)
    stale_locks: Mapping[str, str] = field(default_factory=dict)
    use_cache: bool = True
    tracebacks: bool = False
    timeout: float | None = None
    files: Files = WORK_TREE


def check(
    chosen: Sequence[Team],
    teams: Sequence[Team],
    options: Options,
    *,
    form: str = "text",
    rewrite: bool = False,
) -> None:
    """Load the definitions that are not cached, check the contracts, and print every result.

    The check fails if one of the `chosen` teams does not load, or if there is a contract violation
    among all `teams`, but for what is in the baseline. With `rewrite`, all that is found becomes
    the baseline. `form` is one of FORMATS.

    Raises:
        DevkitError: naming each chosen team that does not load and each violated contract.
    """
    if form not in FORMATS:
        raise DevkitError(f"unknown format {form!r}", expected=", ".join(FORMATS))
    result = examine(chosen, teams, options)
    if rewrite:
        baseline.write(result, options.unbuilt)
    report(result, form)
    if len(chosen) == len(teams):
        baseline.shrink(result, baseline.read())


def report(result: Result, form: str = "text") -> None:
    """Print the result of a check; what is in the baseline, in a line each.

    Raises:
        DevkitError: as `check` does.
    """
    fresh = baseline.new(result, baseline.read())
    _print(fresh)
    if known := baseline.passed(result, fresh):
        output.info(f"known since the first day ({shown(BASELINE)}), so it does not fail:")
        output.info("\n".join(f"  {line}" for line in known))
    if form == "json":
        output.emit_json(reports.as_json(fresh))
    elif form == "github":
        output.emit(reports.annotations(fresh))
    _require(fresh)


def examine(
    chosen: Sequence[Team],
    teams: Sequence[Team],
    options: Options,
    known: Mapping[str, Manifest | Failure] = MappingProxyType({}),
) -> Result:
    """Load the definitions and check the contracts; prints each team as it finishes.

    `known` are the results for some teams, by name: these are not loaded.
    """
    results: dict[str, Manifest | Failure] = {
        team.name: Failure(team, options.unbuilt[team.name], None)
        for team in teams
        if team.name in options.unbuilt
    }
    results |= known
    digests = cache.digests([team for team in teams if team.name not in results], options.files)
    for team in teams:
        if team.name not in results and options.use_cache:
            cached = cache.get(team, digests[team.name])
            if cached:
                results[team.name] = cached
    missing = [team for team in teams if team.name not in results]

    def load(team: Team) -> parallel.Outcome:
        loaded = cache.load(team, digests[team.name], options.timeout, options.files)
        results[team.name] = loaded
        return _outcome(loaded, tracebacks=options.tracebacks)

    if missing:
        parallel.run("loading definitions", {team.name: partial(load, team) for team in missing})
    snapshot = collect(teams, list(results.values()), options.stale_locks)
    return Result(
        chosen=tuple(team.name for team in chosen),
        found={team.name: results[team.name] for team in teams},
        loaded=frozenset(team.name for team in missing),
        findings=contracts.broken(snapshot),
    )


def _outcome(loaded: Manifest | Failure, *, tracebacks: bool) -> parallel.Outcome:
    if isinstance(loaded, Manifest):
        return parallel.Outcome(loaded.team.name, ok=True, text=reports.contents(loaded))
    details = reports.failure(loaded, tracebacks=tracebacks)
    return parallel.Outcome(loaded.team.name, ok=False, text="does not load", details=details)


def _print(result: Result) -> None:
    if result.cached:
        output.info(
            f"{len(result.cached)} of {counted(len(result.found), 'team')} unchanged (cached)"
        )
    if result.other_failures:
        names = ", ".join(result.other_failures)
        output.info(f"{names} did not load, so missing producers were not checked")
    for finding in result.findings:
        output.block(finding.code, reports.finding(finding))


def _require(result: Result) -> None:
    """Raise one error for every failure and violation."""
    lines = []
    if result.failures:
        names = ", ".join(failure.team.name for failure in result.failures)
        lines.append(f"{len(result.failures)} of {len(result.chosen)} failed to load: {names}")
    if result.findings:
        codes = ", ".join(dict.fromkeys(finding.code for finding in result.findings))
        lines.append(f"contract violations: {codes}")
    if lines:
        raise DevkitError("\n".join(lines))

"""`invoke check`: every team's definitions load, and together they make sense."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from devkit import cache, contracts, installed, output, parallel, reports
from devkit.contracts.survey import Finding, Survey
from devkit.environments import orchestrator_environment
from devkit.errors import DevkitError
from devkit.manifest import Manifest
from devkit.parallel import Outcome
from devkit.probe import Failure
from devkit.workspace import Team

FORMATS = ("text", "json", "github")


@dataclass(frozen=True)
class Result:
    """What was found: of each team in the registry, by short name, and of all together.

    `chosen` are the teams whose loading was asked for; of the others a failure is told, but
    is not this check's. `loaded` are those that were not known from before.
    """

    chosen: tuple[str, ...]
    found: dict[str, Manifest | Failure]
    loaded: frozenset[str]
    findings: list[Finding]

    @property
    def failures(self) -> list[Failure]:
        """The chosen teams that don't load."""
        return [one for name in self.chosen if isinstance(one := self.found[name], Failure)]

    @property
    def unknown(self) -> list[str]:
        """The other teams that don't load: what they make is not known."""
        others = self.found.keys() - set(self.chosen)
        return [
            name for name in self.found if name in others and isinstance(self.found[name], Failure)
        ]


def check(
    chosen: Sequence[Team],
    teams: Sequence[Team],
    *,
    unbuilt: Collection[str] = (),
    stale_locks: Mapping[str, str] | None = None,
    fresh: bool = False,
    tracebacks: bool = False,
    form: str = "text",
) -> None:
    """Load what is not known, hold the contracts against all of it, and tell every result.

    `chosen` are the teams to answer for; contracts see all `teams`. `unbuilt` are the short
    names of those that have no environment; `stale_locks` are the reasons why locks have to be
    made again, by room; `fresh` trusts no kept manifest; `tracebacks` adds
    Dagster's own frames to a failure; `form` is one of FORMATS.

    Raises:
        DevkitError: naming each team that doesn't load and each contract that doesn't hold.
    """
    if form not in FORMATS:
        raise DevkitError(f"there is no format {form!r}", expected=", ".join(FORMATS))
    result = examine(
        chosen,
        teams,
        unbuilt=unbuilt,
        stale_locks=stale_locks,
        fresh=fresh,
        tracebacks=tracebacks,
    )
    _tell(result)
    if form == "json":
        output.answer(reports.as_json(result))
    elif form == "github":
        output.answer(reports.annotations(result))
    _require(result)


def examine(
    chosen: Sequence[Team],
    teams: Sequence[Team],
    *,
    unbuilt: Collection[str] = (),
    stale_locks: Mapping[str, str] | None = None,
    fresh: bool = False,
    tracebacks: bool = False,
) -> Result:
    """Load and judge; tells of each load as it is done."""
    found: dict[str, Manifest | Failure] = {
        team.name: Failure(team, "its environment can't be built", None)
        for team in teams
        if team.name in unbuilt
    }
    digests = cache.digests(teams)
    for team in teams:
        if (
            team.name not in found
            and not fresh
            and (known := cache.recall(team, digests[team.name]))
        ):
            found[team.name] = known
    missing = [team for team in teams if team.name not in found]

    def load(team: Team) -> Outcome:
        found[team.name] = one = cache.load(team, digests[team.name])
        return _outcome(one, tracebacks)

    if missing:
        parallel.run("loading definitions", {team.name: partial(load, team) for team in missing})
    return Result(
        chosen=tuple(team.name for team in chosen),
        found={team.name: found[team.name] for team in teams},
        loaded=frozenset(team.name for team in missing),
        findings=contracts.broken(survey(teams, list(found.values()), stale_locks)),
    )


def survey(
    teams: Sequence[Team],
    found: Sequence[Manifest | Failure],
    stale_locks: Mapping[str, str] | None = None,
) -> Survey:
    """What contracts look at: the manifests, and what is installed where."""
    shared = installed.shared_project()
    by_team = {one.team: one for one in found if isinstance(one, Manifest)}
    return Survey(
        teams=tuple(teams),
        manifests=tuple(by_team[team] for team in teams if team in by_team),
        # Of an environment that is not there nothing is known.
        installed={
            team.name: has for team in teams if (has := installed.distributions(team.environment))
        },
        hosts=installed.distributions(orchestrator_environment().path),
        shared=shared.requirements,
        shared_python=shared.python,
        stale_locks=stale_locks or {},
    )


def _outcome(found: Manifest | Failure, tracebacks: bool) -> Outcome:
    if isinstance(found, Manifest):
        return Outcome(found.team.name, ok=True, text=reports.contents(found))
    details = reports.failure(found, tracebacks=tracebacks)
    return Outcome(found.team.name, ok=False, text="does not load", details=details)


def _tell(result: Result) -> None:
    known = sum(
        isinstance(one, Manifest)
        for one in result.found.values()
        if one.team.name not in result.loaded
    )
    if known:
        output.say(f"{known} of {len(result.found)} teams have not changed since they last loaded")
    if result.unknown:
        output.say(
            f"what {', '.join(result.unknown)} would make is not known: "
            "whether somebody makes what is read is not judged"
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
        wrong.append(f"contracts between teams do not hold: {codes}")
    if wrong:
        raise DevkitError("\n".join(wrong))

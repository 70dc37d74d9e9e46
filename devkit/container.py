"""What the dev container's hooks do once the tools are there: `python -m devkit.container STEP`.

A hook that fails skips those that come after it. So what is wrong with one team fails none: it
is told, with what mends it, when it happens and again whenever the container starts.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from devkit import doctor, environments, home, output, parallel
from devkit.bootstrap import ROOT
from devkit.errors import DevkitError
from devkit.workspace import Team, load_teams


def build(teams: Sequence[Team]) -> None:
    """Build every environment and prepare DAGSTER_HOME: all that a prebuilt layer may hold."""

    def hosts() -> str:
        built = environments.build(environments.orchestrator_environment())
        return f"{built}; DAGSTER_HOME {home.prepare(home.locate())}"

    rooms = [environments.team_environment(team) for team in teams]
    units: dict[str, parallel.Work] = {
        room.name: partial(environments.build, room) for room in rooms
    }
    units = {environments.orchestrator_environment().name: hosts} | units
    failed = [one.name for one in parallel.run("building environments", units) if not one.ok]
    if failed:
        output.say(f"not built: {', '.join(failed)}; the others are.")
        output.say("to mend: see above, then `invoke setup`")


def check(teams: Sequence[Team]) -> None:
    """Say what is not in place; build nothing."""
    found = [one for one in doctor.examine() if one.grave]
    for one in found:
        output.say(f"{one.what}\n  to mend: {one.mend}")
    if found:
        output.say("`invoke doctor` says why it matters")
    else:
        output.say(f"everything is in place: {len(teams)} teams; `invoke dev` runs the platform")


STEPS: Mapping[str, Callable[[Sequence[Team]], None]] = {"build": build, "check": check}


def main(step: str) -> None:
    """Do one step, and let nothing that a user can mend fail it."""
    try:
        STEPS[step](load_teams(ROOT))
    except DevkitError as error:
        output.say(str(error.message))


if __name__ == "__main__":
    main(*sys.argv[1:])

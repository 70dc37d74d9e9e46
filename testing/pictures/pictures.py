"""Takes the pictures of the documentation: screenshots of a platform, recordings of commands.

    .venv-tools/bin/python -m testing.pictures.pictures

Needs Debian's `chromium` and `chromium-driver`. Everything happens in a copy of this repository
whose path names no user, since paths are visible in pictures. Takes some minutes: it builds every
environment and waits for both teams' runs. Check each picture before you commit it.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devkit.core.environ import clean_environment
from devkit.core.paths import ROOT
from testing.pictures.browser import Browser, browser
from testing.pictures.terminal import as_svg, record
from testing.platform import ALL_LOADED, Dev, dev, launch, until
from testing.support import Checkout, copy_repository
from tests.test_end_to_end import succeeded

PICTURES = ROOT / "docs" / "pictures"
COPY = Path(tempfile.gettempdir()) / "dagteam"
SCHEDULES = "analytics_project/analytics_project/defs/schedules.py"
ASSETS = "analytics_project/analytics_project/defs/assets.py"
CONSUMER = "ml_project/ml_project/defs/assets.py"
GROUPS = "global@global:analytics,global@global:ml"


def main() -> None:
    """Take every picture."""
    if COPY.exists():
        sys.exit(f"The pictures are taken in {COPY}, which already exists: remove it.")
    PICTURES.mkdir(exist_ok=True)
    try:
        copy = copy_repository(COPY)
        # A scheduled run would be visible in the pictures.
        copy.edit(SCHEDULES, '"* * * * *"', '"0 0 1 1 *"')
        done = copy.tasks("setup")
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        with (
            tempfile.TemporaryDirectory() as scratch,
            browser(Path(scratch)) as window,
            dev(COPY / ".dagster_home", root=COPY) as platform,
        ):
            platform.wait_for(ALL_LOADED)
            look(platform, window, copy)
            platform.stop()
        record_commands(copy)
    finally:
        shutil.rmtree(COPY)


def look(platform: Dev, window: Browser, copy: Checkout) -> None:
    """Take pictures of a platform after both teams' runs, then with one broken team."""
    launch(platform, "update_penguins", "analytics_project")
    until(lambda: succeeded(platform, "cluster_penguins"), 180, "both teams' runs")

    window.open(f"{platform.url}/asset-groups?expanded={GROUPS}", 1280, 520)
    window.wait_for("penguins", "penguin_cluster", "3 / 3 Passed")
    save(window, "lineage")

    window.open(f"{platform.url}/assets/penguin_cluster?view=overview", 1280, 760)
    window.click("[Show Markdown]")
    save(window, "clusters")

    window.open(f"{platform.url}/locations", 1280, 500)
    window.wait_for("analytics_project", "ml_project", "Loaded")
    save(window, "locations")

    with changed(copy, CONSUMER, "@dg.asset(", "@dg.aset("):
        platform.wait_for("ml_project        | does not load")
        window.open(f"{platform.url}/locations", 1280, 500)
        window.wait_for("Failed")
        save(window, "broken")
        since = len(platform.text)
    platform.wait_for("ml_project        | reloaded", since=since)


def record_commands(copy: Checkout) -> None:
    """Record the commands that a reader meets first."""
    env = {**clean_environment(), "PATH": f"{COPY}/.venv-tools/bin:{os.environ['PATH']}"}
    env.pop("DAGSTER_HOME", None)
    screen = record(["invoke", "dev"], COPY, env, interrupt=lambda text: "locations loaded" in text)
    write("dev", as_svg(screen, "dagteam"))
    screen = record(["invoke", "new-team", "finance", "--upstream", "penguins"], COPY, env)
    write("new-team", as_svg(screen, "dagteam"))
    done = copy.tasks("remove-team", "finance", "--yes")
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    with changed(copy, ASSETS, '"flipper_length_mm", "Int64"', '"flipper_mm", "Int64"'):
        write("check", as_svg(record(["invoke", "check"], COPY, env), "dagteam"))


@contextmanager
def changed(copy: Checkout, file: str, old: str, new: str) -> Iterator[None]:
    """Replace a text in a file for a while."""
    copy.edit(file, old, new)
    yield
    copy.edit(file, new, old)


def save(window: Browser, name: str) -> None:
    """Save what the window shows."""
    window.picture(PICTURES / f"{name}.png")
    sys.stdout.write(f"{PICTURES / name}.png\n")


def write(name: str, svg: str) -> None:
    """Save a recording."""
    (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")
    sys.stdout.write(f"{PICTURES / name}.svg\n")


if __name__ == "__main__":
    main()

"""Takes the pictures of the documentation: runs the platform, looks at it in headless Chromium.

    .venv-tools/bin/python -m docs.pictures

Needs Debian's `chromium` on the PATH. Takes about two minutes: it waits for both teams' runs.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from devkit.bootstrap import ROOT
from tests.running import dev, until
from tests.test_end_to_end import succeeded

PICTURES = ROOT / "docs" / "pictures"
PAGES = {"lineage": ("/assets/penguin_cluster?view=lineage&lineageScope=upstream", (1280, 640))}

# What the UI needs to have drawn, in milliseconds of its own clock.
SETTLED_MS = 20_000

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


def main() -> None:
    """Take every picture anew."""
    browser = shutil.which("chromium")
    if browser is None:
        sys.exit("The pictures need chromium: on Debian `sudo apt install chromium`.")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, dev(Path(scratch) / "home") as platform:
        platform.wait_for("2 of 2 locations loaded")
        until(lambda: succeeded(platform, "cluster_penguins"), 180, "both teams' runs")
        time.sleep(2)  # the UI polls
        for name, (path, (width, height)) in PAGES.items():
            subprocess.run(
                [
                    browser, *QUIET, f"--user-data-dir={scratch}/{name}",
                    f"--window-size={width},{height}", f"--virtual-time-budget={SETTLED_MS}",
                    f"--screenshot={PICTURES / name}.png", platform.url + path,
                ],
                check=True, timeout=120, capture_output=True,
            )  # fmt: skip
            sys.stdout.write(f"{PICTURES / name}.png\n")
        platform.stop()


if __name__ == "__main__":
    main()

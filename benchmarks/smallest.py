"""Each benchmark once, on as little as possible: CI runs this, so that none of them stops working.

    .venv-tools/bin/python -m benchmarks.smallest

Prints the figures, which say nothing, and leaves docs/benchmarks.md alone. Takes about five
minutes. The dev container's benchmark needs a Docker engine and is left out where there is none.
"""

import os
from pathlib import Path

from benchmarks import check, container, dev, environments, report


def main() -> None:
    report.REPORT = Path(os.devnull)
    check.RUNS = dev.RUNS = container.RUNS = 1
    environments.OUR_RUNS = environments.PIP_RUNS = 1
    check.main(["2"])
    dev.main(["2"])
    environments.main(["orchestrator"])
    if not container.missing():
        container.main()


if __name__ == "__main__":
    main()

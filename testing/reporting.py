"""What the kit's tests print while they run: each failure at once."""

from typing import Any

import pytest


class Reporting:
    """A plugin of pytest; with several workers, that of the process that has the terminal."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @property
    def _terminal(self) -> Any:
        return self._config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name a failed test with its reason: pytest itself shows them when all have run."""
        if report.failed and self._terminal:
            crash = getattr(report.longrepr, "reprcrash", None)
            reason = crash.message if crash else report.longreprtext.strip()
            self._terminal.ensure_newline()
            self._terminal.write_line(
                f"FAILED {report.nodeid}: {reason.partition(chr(10))[0]}", red=True
            )

# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test session says of its failures."""

from __future__ import annotations

import pytest


class FailuresAsTheyHappen:
    """Says why a test failed, or is run again, when it happens: a run that is cut off never gets to its summary."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome not in ("failed", "rerun"):
            return
        why = report.longreprtext.strip().splitlines()
        said = [line for line in why if line.startswith("E ")] or why[-1:]
        self._terminal.ensure_newline()
        self._terminal.write_line(
            f"{report.outcome} after {report.duration:.0f} s: {report.nodeid} ({report.when})"
        )
        for line in said[:8]:
            self._terminal.write_line(f"  {line[:300]}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None:
        config.pluginmanager.register(FailuresAsTheyHappen(terminal))

# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short soak passes; `make soak` runs a long one."""

from __future__ import annotations

import pytest

from tests.faults.runner import LabKeeper
from tests.faults.soak import FAULTS, WAYS, Record, Soak, report


@pytest.mark.lab
def test_soak() -> None:
    """A few migrations in a row, of VMs that stay, leave nothing behind that meets the next one."""
    with LabKeeper("soak-test") as keeper:
        soak = Soak(keeper.lab, seed=1, vms=3)
        soak.run(4)
    assert not soak.record.faults, "\n".join(soak.record.faults)
    assert soak.record.started == 4


def test_ways_and_faults_are_those_of_the_matrix() -> None:
    """Every mode is there, and faults to each part of a migration."""
    assert {row.options.get("mode", "live") for row in WAYS} == {"live", "quick", "offline"}
    assert len({row.moment for row in FAULTS}) >= 15


def test_report_tells_what_failed() -> None:
    """The report counts migrations, and does not claim success where there was none."""
    record = Record(seed=7, vms=2, started=4, completed=3)
    record.played["live"] = 2
    assert "**4 migrations** of 2 VMs" in report(record)
    assert "| live | 2 | 0.0 s |" in report(record)
    record.faults.append("step 2: vm1 is nowhere")
    assert "None was lost" not in report(record)
    assert "- step 2: vm1 is nowhere" in report(record)

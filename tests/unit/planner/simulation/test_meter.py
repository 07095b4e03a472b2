# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What adds up while time passes."""

from __future__ import annotations

import pytest

from planner.simulation.meter import ASLEEP, ON, STOPPING, WAKING, Meter, Metered, Sums
from planner.simulation.power import PowerCurve

LINE = PowerCurve((100.0, 200.0))


@pytest.mark.parametrize(
    ("state", "load", "expected"),
    [
        (ON, 0.0, Sums(power=100, on=1)),
        (ON, 2.0, Sums(power=150, on=1, busy=2.0)),
        (ON, 4.0, Sums(power=200, on=1, busy=4.0)),
        (ON, 6.0, Sums(power=200, on=1, busy=6.0, full=1, unserved=2.0)),
        (WAKING, 2.0, Sums(power=200, on=1)),
        (STOPPING, 2.0, Sums(power=100, on=1)),
        (ASLEEP, 2.0, Sums(power=3.0)),
    ],
)
def test_what_a_host_adds(state: str, load: float, expected: Sums) -> None:
    """Four CPUs, 100 to 200 W; one that comes up draws what it draws at full load."""
    metered = Metered(cpus=4, curve=LINE, asleep_w=3.0, state=state, load=load)
    assert metered.now() == expected


def test_a_meter_adds_up_over_time() -> None:
    """A change counts from its moment on; what was taken is not taken again."""
    meter = Meter({name: Metered(cpus=4, curve=LINE) for name in "ab"})
    meter.pass_time(10)
    meter.change("a", load=2.0)
    meter.pass_time(10)
    meter.change("b", state=ASLEEP)
    meter.pass_time(10)
    assert meter.state("b") == ASLEEP
    taken = meter.take()
    assert taken.power == pytest.approx(10 * 200 + 10 * 250 + 10 * 150)
    assert (taken.on, taken.busy) == (pytest.approx(50), pytest.approx(40))
    assert meter.take() == Sums()


def test_a_recount_forgets_what_was_known() -> None:
    """The loads of all VMs, as they are now."""
    meter = Meter({name: Metered(cpus=4, curve=LINE, load=9.0) for name in "ab"})
    meter.recount([("a", 1.0), ("a", 1.0)])
    meter.pass_time(1)
    assert meter.take() == Sums(power=250, on=2, busy=2.0)

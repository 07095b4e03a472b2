# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run adds up to, and how strategies are compared."""

from __future__ import annotations

import pytest

from planner.simulation.report import render_totals
from planner.simulation.run import Record, Totals, total


def record(**more: float) -> Record:
    """Return a step of five minutes with two hosts on."""
    amounts = {
        "hosts_on": 2,
        "on": 2.0,
        "busy": 4.0,
        "power_w": 1000.0,
        "migrations": 0,
        "moved_mib": 0,
    }
    rest = {"woken": 0, "put_to_sleep": 0, "full": 0.0, "unserved": 0.0}
    words = {"at": "", "action": "none", "hosts": (), "why": (), "failures": ()}
    return Record(step=0, **{**amounts, **rest, **words, **more})  # type: ignore[arg-type]


def test_a_day_at_a_thousand_watts() -> None:
    """288 steps of five minutes are 24 kWh, and 48 host hours."""
    found = total([record()] * 288, 300)
    assert found.energy_kwh == pytest.approx(24)
    assert found.host_hours == pytest.approx(48)
    assert (found.most_on, found.least_on, found.full_share, found.unserved_share) == (2, 2, 0, 0)


def test_shares_of_what_was_wanted() -> None:
    """Of the hosts that were on, and of the CPU that was wanted; where neither was, nothing is divided by it."""
    found = total([record(full=1.0, unserved=1.0, moved_mib=2048, hosts_on=3), record()], 300)
    assert (found.full_share, found.unserved_share) == (0.25, 0.125)
    assert (found.moved_gib, found.most_on, found.least_on) == (2.0, 3, 2)
    nothing = total([record(on=0.0, busy=0.0)], 300)
    assert (nothing.full_share, nothing.unserved_share) == (0.0, 0.0)


def totals(kwh: float, **more: object) -> Totals:
    """Return the totals of a run."""
    found = total([record(power_w=kwh * 12_000)], 300)
    return Totals(**{**{name: getattr(found, name) for name in found.__slots__}, **more})  # type: ignore[arg-type]


def test_strategies_are_compared_with_doing_nothing() -> None:
    """What is saved, and what it costs where a price is known; a step without a plan is told once."""
    runs = {
        "nothing": totals(10.0),
        "power_saving": totals(7.5, least_on=1, failures=("No.", "Neither.", "Nor.", "More.")),
    }
    header, one, other, *notes = render_totals(runs, 0.3)
    assert header.split()[:4] == ["strategy", "energy", "saved", "cost"]
    assert one.split()[:6] == ["nothing", "10.0", "kWh", "0.0%", "3.00", "2"]
    assert other.split()[:6] == ["power_saving", "7.5", "kWh", "25.0%", "2.25", "1-2"]
    assert notes == [
        "Note: a step of power_saving had no plan: No.",
        "Note: a step of power_saving had no plan: Neither.",
        "Note: a step of power_saving had no plan: Nor.",
    ]
    [_header, free] = render_totals({"nothing": totals(0.0)}, None)
    assert free.split()[:5] == ["nothing", "0.0", "kWh", "-", "-"]

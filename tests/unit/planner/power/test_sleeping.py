# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts may go to sleep, and what is lost with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from planner.cluster.host import Host, Power
from planner.power.absence import spare_lost
from planner.power.policy import PRESETS, PowerPolicy, parse_power
from planner.power.sleeping import refusal
from tests.unit.planner.builders import TIGHT, cluster

NOW = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
REPAIR = {"goal": "repair"}


@pytest.mark.parametrize(
    ("power", "maintenance", "said"),
    [
        ({}, False, None),
        ({"is_switchable": False}, False, "it has no drover_power in the inventory"),
        ({"keep_on": True}, False, "it stays on by its drover_power (keep_on)."),
        (
            {"doubtful": "it did not come up."},
            False,
            "it is doubtful (it did not come up): look at it",
        ),
        (
            {"proven": False},
            False,
            "it has never been woken by Drover: run drover.libvirt.power_test once.",
        ),
        ({"needed_by": ("It has a lock.", "And one more.")}, False, "It has a lock. And one more."),
        ({}, True, "it is in maintenance."),
        (
            {"since": NOW - timedelta(seconds=3000)},
            False,
            "it came up a short while ago and stays on for another 600 s (power.min_on_s).",
        ),
        ({"since": NOW - timedelta(seconds=3600)}, False, None),
    ],
)
def test_who_may_sleep(power: dict[str, Any], maintenance: bool, said: str | None) -> None:
    """Whatever the load."""
    given = {"is_switchable": True, "proven": True, **power}
    candidate = Host(name="a", vcpus=1, memory_mib=1, maintenance=maintenance, power=Power(**given))
    found = refusal(candidate, PowerPolicy(), NOW)
    assert (found is None) if said is None else (found or "").startswith(said)


def test_spare_room_that_goes_to_sleep() -> None:
    """The failure that there is no room for then; where as much is missing now, nothing is lost."""
    facts = cluster(a={"x": 600}, b={"y": 600}, c={})
    without = {**facts, "hosts": [*facts["hosts"][:2], {**facts["hosts"][2], "state": "asleep"}]}
    spare, now = {**TIGHT, "spare_hosts": 1}, NOW.isoformat()
    assert spare_lost(facts, without, spare, now) == "If a failed, there would be no place for x."
    assert spare_lost(facts, facts, spare, now) is None
    assert spare_lost(without, without, spare, now) is None
    assert spare_lost(facts, without, TIGHT, now) is None


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_leave_room_between_their_thresholds(preset: int) -> None:
    """A host that is woken does not go to sleep at once; the bolder, the sooner hosts sleep."""
    found = parse_power({"power": {"preset": preset}})
    assert found.sleep_below < found.woken_to < found.wake_above
    bolder = PRESETS.get(preset + 1, found)
    assert bolder.sleep_below >= found.sleep_below
    assert bolder.sleep_evidence_s <= found.sleep_evidence_s
    assert bolder.min_on_s <= found.min_on_s

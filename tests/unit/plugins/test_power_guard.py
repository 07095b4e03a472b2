# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host may be switched off by hand, as the policy has it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.action.power_guard import _verdict

from tests.unit.planner.builders import cluster, policy

FOUND: dict[str, Any] = {"needed_by": [], "waits": [], "off_vms": []}


def refused(spare_hosts: int, memory_mib: int, *, by_plan: bool = False) -> str:
    """Return why the empty one of three hosts stays on, where each of the others has a VM of this size."""
    facts = cluster(a={"x": memory_mib}, b={"y": memory_mib}, c={})
    facts["hosts"][2]["power"] = {"method": "ipmi", "proven": True}
    options = {"host": "c", "found": FOUND, "min_on": 1, "by_plan": by_plan, "leave_off_vms": False}
    return " ".join(_verdict(options, facts, policy(spare_hosts=spare_hosts))[0])


def test_a_host_that_is_the_room_for_a_failure_stays_on() -> None:
    """Neither VM would have a place on the host of the other."""
    assert refused(1, 600) == (
        "Without c too little room is left for a failure: If a failed, there would be no place for x. Free room on the "
        "other hosts, or lower spare_hosts."
    )


@pytest.mark.parametrize(
    ("spare_hosts", "memory_mib", "by_plan"), [(0, 600, False), (1, 400, False), (1, 600, True)]
)
def test_a_host_that_is_not_needed_may_go(spare_hosts: int, memory_mib: int, by_plan: bool) -> None:
    """The policy provides for no failure; there is room; or a plan has looked at that before it emptied the host."""
    assert refused(spare_hosts, memory_mib, by_plan=by_plan) == ""

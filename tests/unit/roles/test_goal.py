# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role goal asks the planner for, with real tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .test_hostile_hosts import facts, play

STAY = {"type": "stay", "name": "fixed", "domains": ["vm-kvm2"], "during_maintenance": "preferred"}


@pytest.mark.parametrize("maintenance", [False, True])
def test_only_maintenance_bends_rules(tmp_path: Path, maintenance: bool) -> None:
    """The role of power_saving emptied hosts as if for maintenance, and rules were bent every night."""
    given: dict[str, Any] = {
        "goal_kind": "evacuate",
        "goal_hosts": ["kvm2"],
        "goal_maintenance": maintenance,
        "goal_policy": {"rules": [STAY]},
        "goal_registered": {"host_info": "found"},
    }
    only_plan = {"name": "drover.libvirt.goal", "tasks_from": "make_plan"}
    task = {"ansible.builtin.include_role": only_plan, "vars": given}
    output = play(tmp_path, [task], **{name: facts(name) for name in ("kvm1", "kvm2")})
    assert ("1 migration empties kvm2" in output) is maintenance
    assert ("vm-kvm2 cannot leave kvm2" in output) is not maintenance

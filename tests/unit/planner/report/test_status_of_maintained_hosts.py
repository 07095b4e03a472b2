# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status says of hosts in maintenance."""

from __future__ import annotations

from typing import Any

from planner.report.status import render_status


def vm(name: str, host: str, state: str = "running") -> dict[str, Any]:
    """Return the facts of a VM."""
    size = {"vcpus": 1, "memory_mib": 64, "cpu_usage": 0.1}
    return {"name": name, "uuid": f"u-{name}", "host": host, "state": state, **size}


def test_only_what_a_restoration_would_move_is_to_be_brought_back() -> None:
    """It had counted five: one is away, one is off, one is gone, one never left, one is at home again."""
    evacuated = [
        {"name": name, "uuid": f"u-{name}"} for name in ("away", "off", "gone", "stayed", "back")
    ]
    mark = {"maintenance": True, "at": "2026-11-24T22:00:00Z", "evacuated": evacuated}
    hosts = [{"name": name, "vcpus": 4, "memory_mib": 1024} for name in ("kvm1", "kvm2")]
    hosts[0]["marks"] = {"kvm1": mark}
    domains = [vm("away", "kvm2"), vm("off", "kvm1", "shutoff"), vm("stayed", "kvm1")]
    text = render_status({"hosts": hosts, "domains": [*domains, vm("back", "kvm1")]})
    assert "1 VM to bring back" in text

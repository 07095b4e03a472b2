# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does about the power of a lab's hosts, and what he sees of it."""

from __future__ import annotations

import datetime
import json
from typing import Any

from tests.lab.lab import Lab
from tests.lab.playbook import PlaybookRun, run_playbook

PATIENCE = {"drover_stagger_s": 1, "drover_ready_s": 30}
# Every VM takes a vCPU of 16 that a host of the lab may give out: four hosts are more than twice what twelve need.
POLICY: dict[str, Any] = {
    "spare_hosts": 1,
    "power": {
        "wake_above": 1.0,
        "sleep_below": 0.99,
        "min_on": 2,
        "min_on_s": 0,
        "min_off_s": 0,
        "stagger_s": 1,
    },
}


def mark(lab: Lab, keeper: str, host: str = "kvm3") -> dict[str, Any]:
    """Return the mark of a host that another one keeps; nothing where there is none."""
    text = lab.hosts[keeper].run(["cat", f"/var/lib/drover/power/{host}.json"], check=False)
    return dict(json.loads(text.stdout)) if text.stdout else {}


def power(lab: Lab, state: str, *more: str, **settings: Any) -> PlaybookRun:
    """Switch kvm3 by hand, with some of its C(drover_power) changed."""
    variables = {**PATIENCE, "drover_hosts": "kvm3", "drover_power_state": state}
    if settings:
        inventory = json.loads(lab.inventory_path.read_text())
        inventory["kvm"]["hosts"]["kvm3"]["drover_power"].update(settings)
        lab.inventory_path.write_text(json.dumps(inventory))
    return run_playbook(lab, "drover.libvirt.power", "-e", json.dumps(variables), *more)


def night(minutes_from: int, minutes_to: int) -> dict[str, Any]:
    """Return the policy with a night from this many minutes before now to this many after."""
    now = datetime.datetime.now().astimezone()
    start, end = (now + datetime.timedelta(minutes=m) for m in (-minutes_from, minutes_to))
    window = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
    return {**POLICY, "power": {**POLICY["power"], "night": {"windows": [window], "ready_s": 0}}}


def run(lab: Lab, playbook: str, policy: dict[str, Any], *more: str) -> PlaybookRun:
    """Run a playbook with a policy."""
    variables = json.dumps({**PATIENCE, "drover_policy": policy})
    return run_playbook(lab, f"drover.libvirt.{playbook}", "-e", variables, *more)


def on(lab: Lab) -> list[str]:
    """Return the hosts that have power."""
    return [name for name, host in lab.hosts.items() if host.is_on]


def prove(lab: Lab) -> None:
    """Keep the proof on all hosts that kvm3 and kvm4 can be woken, as drover.libvirt.power_test does."""
    for name in ("kvm3", "kvm4"):
        mark = {
            "state": "on",
            "at": "2026-01-01T00:00:00Z",
            "since": "2026-01-01T00:00:00Z",
            "proven": {"at": "2026-01-01T00:00:00Z", "boot_s": 5, "shutdown_s": 5, "watts": None},
        }
        for host in lab.hosts.values():
            host.run(["mkdir", "-p", "/var/lib/drover/power"])
            host.run(["sh", "-c", f"echo '{json.dumps(mark)}' > /var/lib/drover/power/{name}.json"])

# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_mark makes of its options."""

from __future__ import annotations

from typing import Any

from ansible_collections.drover.libvirt.plugins.modules.host_mark import orders

REST: dict[str, Any] = {
    "state": "maintenance",
    "at": None,
    "by": "",
    "reason": "",
    "directory": "d",
}
NONE: dict[str, Any] = {"host": None, "hosts": None, "evacuated": [], "leaving": [], **REST}
WEB = {"name": "web", "uuid": None}


def test_one_host() -> None:
    """Its VMs are in evacuated."""
    wanted = orders({**NONE, "host": "kvm1", "evacuated": [WEB]})
    assert {host: order.evacuated for host, order in wanted.items()} == {"kvm1": [WEB]}


def test_several_hosts_at_once() -> None:
    """Emptying ten hosts of 200 had run the module two thousand times; each host's own VMs stay with it."""
    leaving = [{"host": "kvm2", "evacuated": [WEB]}]
    wanted = orders({**NONE, "hosts": ["kvm1", "kvm2"], "leaving": leaving})
    assert {host: list(order.evacuated) for host, order in wanted.items()} == {
        "kvm1": [],
        "kvm2": [WEB],
    }
    assert {order.host for order in wanted.values()} == {"kvm1", "kvm2"}

# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a VM may need once it runs on another host: to be announced in its networks, the right time.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import typing as t
import xml.etree.ElementTree as ET

from .._errors import LibvirtFailed
from .connection import libvirt, translated

try:
    import libvirt_qemu
except ImportError:
    libvirt_qemu = None

# Ten announcements within some six seconds; QEMU's own five are over after 0.6 s.
_ANNOUNCE = {
    "execute": "announce-self",
    "arguments": {"initial": 100, "step": 200, "max": 1000, "rounds": 10},
}


def announce(domain: t.Any) -> None:
    """Have QEMU tell the networks of the VM where its cards are now; returns at once.

    libvirt has no call of its own for that, so the order goes to QEMU's monitor, and libvirt notes
    that the VM is tainted (custom-monitor) as long as this QEMU runs.

    Raises
    ------
    LibvirtFailed
        The monitor does not take orders from here.
    """
    if libvirt_qemu is None:
        raise LibvirtFailed("The libvirt binding for Python here cannot speak with QEMU's monitor.")
    with translated("announce the VM {}".format(domain.name())):
        libvirt_qemu.qemuMonitorCommand(domain, json.dumps(_ANNOUNCE), 0)


def has_agent(definition: str) -> bool:
    """Whether a guest agent answered in the VM when its live definition was read."""
    return any(
        target.get("name") == "org.qemu.guest_agent.0" and target.get("state") == "connected"
        for target in ET.fromstring(definition).findall("devices/channel/target")
    )


def set_time(domain: t.Any) -> None:
    """Have the guest agent set the VM's clock by its real-time clock, which follows the host's.

    Raises
    ------
    LibvirtFailed
        The agent does not answer, or cannot set the clock.
    """
    with translated("set the clock of the VM {}".format(domain.name())):
        # The binding wants a time, which libvirt does not look at when it is to take the clock's.
        domain.setTime({"seconds": 0}, libvirt.VIR_DOMAIN_TIME_SYNC)

# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that take no VMs."""

from __future__ import annotations

from ..cluster.host import Host


def refusal(host: Host) -> str | None:
    """Say why nothing may move to this host, whatever it is; ``None`` where something may."""
    if not host.is_up:
        return f"{host.name} is {host.state}"
    if host.maintenance:
        return f"{host.name} is in maintenance"
    return None

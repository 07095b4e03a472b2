# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What VMs share when they are in the same place: a host, or the hosts with the same label."""

from __future__ import annotations

from ..cluster.snapshot import ClusterSnapshot


def zone_of(snapshot: ClusterSnapshot, host: str, across: str | None) -> str:
    """Return the failure domain of a host: the value of its label ``across``, or itself where it has none."""
    if across is None:
        return host
    value = snapshot.hosts[host].labels.get(across)
    return host if value is None else f"{across} {value}"

# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a live migration takes: iterative pre-copy.

References
----------
C. Clark et al., "Live migration of virtual machines", NSDI 2005.
S. Akoush et al., "Predicting the performance of virtual machine migration", MASCOTS 2010,
https://doi.org/10.1109/MASCOTS.2010.13.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..cluster.domain import Domain
from ..cluster.host import Host
from ..policy.policies import Limits

SETUP_S = 2.0
"""Preparation, handover and clean-up, whatever the size."""

ASSUMED_MIB_S = 1000.0
"""Bandwidth where facts know no speed: about what one stream of QEMU fills of 10 Gbit/s."""

EFFICIENCY = 0.9
"""Share of a link's nominal speed that arrives as memory."""

MAX_ROUNDS = 30
DOWNTIME_S = 0.5
CONVERGING = 0.9
"""A VM that dirties more than this share of the bandwidth only ends because it is slowed down."""


def bandwidth_mib_s(
    source: Host, destination: Host | None, limit: float | None, per_host: int
) -> float:
    """Return the bandwidth one migration gets: the slower end, shared by the migrations of a host.

    Worked example: 10 000 Mbit/s on both ends, two at a time: 10 000 / 8 x 1e6 / 2^20 x 0.9 / 2 = 536 MiB/s.
    """
    ends = [source] if destination is None else [source, destination]
    speeds = [mib_s(host.speed_mbit) * EFFICIENCY / per_host for host in ends if host.speed_mbit]
    speeds = speeds or [ASSUMED_MIB_S]
    return min([*speeds, *([limit] if limit else [])])


def share_network(limits: Limits, hosts: Iterable[Host]) -> Limits:
    """Turn a limit of the network into one of each migration and of their number, which are kept together.

    As many run at a time as fill the network at the pace of the fastest host, rounded, and each gets an equal
    part: so the network is never overrun, whichever they are, and none waits for bandwidth that nobody uses.

    Worked example: a network of 1000 MiB/s and hosts that send 600: two at a time, 500 MiB/s each. Hosts that
    send 800: one at a time, 800 MiB/s.
    """
    up = [host for host in hosts if host.is_up]
    if limits.network_mib_s is None or not up:
        return limits
    alone = max(bandwidth_mib_s(h, None, limits.bandwidth_mib_s, limits.per_host) for h in up)
    number = max(1, min(limits.at_once(len(up)), round(limits.network_mib_s / alone)))
    return replace(
        limits, cluster=number, bandwidth_mib_s=min(alone, limits.network_mib_s / number)
    )


def mib_s(mbit_s: float) -> float:
    """Convert a link's Mbit/s to MiB/s."""
    return mbit_s * 1e6 / 8 / 2**20


def transfer_s(domain: Domain, bandwidth: float) -> float:
    """Predict the seconds of copying: rounds of what the round before left dirty, until the rest fits in the downtime.

    Worked example: 4096 MiB at 1000 MiB/s, dirtying 200 MiB/s: 4.096 + 0.819 s, then 164 MiB are left, which fit in
    0.5 s and take 0.164 s: 5.079 s.
    """
    rest = float(domain.memory_used_mib or domain.memory_mib)
    rate = min(domain.dirty_rate_mib_s or 0.0, CONVERGING * bandwidth)
    elapsed = 0.0
    for _round in range(MAX_ROUNDS):
        elapsed += rest / bandwidth
        rest = rate * rest / bandwidth
        if rest <= bandwidth * DOWNTIME_S:
            break
    return round(elapsed + rest / bandwidth, 3)

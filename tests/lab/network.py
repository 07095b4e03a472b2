# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges and links of a lab, in the controller's namespace, and what can happen to them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.lab.command import run
from tests.lab.layout import GUEST, INTERFACES, MANAGEMENT, NETWORKS, Layout
from tests.lab.processes import ProcessId


def make_bridges(layout: Layout) -> None:
    """Make the lab's three networks, with the controller in the management and guest ones."""
    lines = [f"link add {layout.bridge(n)} type bridge forward_delay 0" for n in NETWORKS]
    lines += [
        f"address add {layout.controller(network)}/24 dev {layout.bridge(network)}"
        for network in (MANAGEMENT, GUEST)
    ]
    lines += [f"link set {layout.bridge(network)} up" for network in NETWORKS]
    _batch(lines)


def plug_in(layout: Layout, number: int, host: ProcessId) -> None:
    """Give a host, whose network namespace is still empty, its links."""
    _batch(line for network in NETWORKS for line in _link(layout, network, number, host.pid))


def unplug(layout: Layout, number: int) -> None:
    """Take the host's links down, both ends, as when its cables are pulled."""
    for network in NETWORKS:
        set_link(layout, network, number, up=False)


def set_link(layout: Layout, network: str, number: int, *, up: bool) -> None:
    """Cut or heal one link of a host."""
    state = "up" if up else "down"
    run(["ip", "link", "set", layout.port(network, number), state], check=up)


def remove_links(layout: Layout, number: int) -> None:
    """Remove what a host that has gone leaves of its links."""
    _batch((f"link delete {layout.port(n, number)}" for n in NETWORKS), force=True)


def remove_bridges(layout: Layout) -> None:
    """Remove the lab's networks."""
    _batch((f"link delete {layout.bridge(network)}" for network in NETWORKS), force=True)


def limit(layout: Layout, network: str, number: int, mbit: float) -> list[str]:
    """Limit what a host receives; return the command that limits what it sends.

    Parameters
    ----------
    mbit
        Rate in Mbit/s.
    """
    run(_shape(layout.port(network, number), mbit))
    return _shape(INTERFACES[network], mbit)


def unlimit(layout: Layout, network: str, number: int) -> list[str]:
    """Lift the limit on what a host receives; return the command that does it for the rest."""
    run(_unshape(layout.port(network, number)), check=False)
    return _unshape(INTERFACES[network])


def taken_networks() -> list[str]:
    """Return the IPv4 addresses of this machine, with prefix lengths."""
    found = json.loads(run(["ip", "-json", "-4", "address"]).stdout)
    return [f"{a['local']}/{a['prefixlen']}" for link in found for a in link["addr_info"]]


def _link(layout: Layout, network: str, number: int, pid: int) -> list[str]:
    port, interface = layout.port(network, number), INTERFACES[network]
    mac = layout.mac(network, number)
    return [
        f"link add {port} type veth peer name {interface} address {mac} netns {pid}",
        f"link set {port} master {layout.bridge(network)} up",
    ]


def _shape(device: str, mbit: float) -> list[str]:
    # a burst of a quarter MiB holds at least one TSO segment
    shape = ["tbf", "rate", f"{mbit:g}mbit", "burst", "256kb", "latency", "50ms"]
    return ["tc", "qdisc", "replace", "dev", device, "root", *shape]


def _unshape(device: str) -> list[str]:
    return ["tc", "qdisc", "delete", "dev", device, "root"]


def _batch(lines: Iterable[str], *, force: bool = False) -> None:
    argv = ["ip", *(["-force"] if force else []), "-batch", "-"]
    run(argv, stdin="\n".join(lines), check=not force)

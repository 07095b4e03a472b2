# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that switches a lab's hosts: ``python -m tests.lab.power.supply LAB METHOD``.

It listens on a socket for what ipmi_sim passes on, serves Redfish, and hears magic packets. Whatever is
asked is answered at once; hosts are switched in the background.
"""

from __future__ import annotations

import socketserver
import sys
import threading
from collections.abc import Callable
from functools import partial

from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.layout import NETWORKS
from tests.lab.power import magic_packets
from tests.lab.power.places import PASSWORD, REDFISH, USER, WAKE_ON_LAN, Places

_DEEDS: dict[str, Callable[[Host], None]] = {
    "on": Host.power_on,
    "off": Host.power_cut,
    "soft": Host.press_power_button,
}
#: What ipmi_sim sets, and to what.
_CHASSIS = {
    ("power", "0"): "off",
    ("power", "1"): "on",
    ("shutdown", "1"): "soft",
    ("reset", "1"): "reset",
}


def main() -> None:
    """Serve until killed."""
    lab = Lab.attach(sys.argv[1])
    method = sys.argv[2]
    places = Places(lab.layout)
    if method == REDFISH:
        _serve_redfish(lab, places)
    elif method == WAKE_ON_LAN:
        _hear_magic_packets(lab)
    _Socket.lab = lab
    with socketserver.ThreadingUnixStreamServer(str(places.socket), _Socket) as server:
        server.serve_forever()


def switch(host: Host, deed: str) -> None:
    """Do "on", "off", "soft" or "reset", in the background."""
    deeds = ("off", "on") if deed == "reset" else (deed,)

    def work() -> None:
        for each in deeds:
            _DEEDS[each](host)

    threading.Thread(target=work).start()


class _Socket(socketserver.StreamRequestHandler):
    """One call of ipmi_sim: HOST get NAME ... or HOST set NAME VALUE ..."""

    lab: Lab

    def handle(self) -> None:
        name, verb, *words = self.rfile.readline().decode().split()
        host = self.lab.hosts[name]
        if verb == "get":
            values = {"power": str(int(host.is_on)), "boot": "default"}
            answer = "".join(f"{word}:{values.get(word, '0')}\n" for word in words)
            self.wfile.write(answer.encode())
            return
        for pair in zip(words[::2], words[1::2], strict=False):
            if pair in _CHASSIS:
                switch(host, _CHASSIS[pair])


def _serve_redfish(lab: Lab, places: Places) -> None:
    # here, for it takes a second, and only those who ask for Redfish have it installed
    from tests.lab.power import redfish

    systems = {
        places.bmc(host.number): redfish.System(
            host.name,
            str(lab.layout.host_uuid(host.name)),
            partial(_is_on, host),
            partial(switch, host),
        )
        for host in lab.hosts.values()
    }
    redfish.serve(places.root, systems, places.certificate, USER, PASSWORD)


def _is_on(host: Host) -> bool:
    return host.is_on


def _hear_magic_packets(lab: Lab) -> None:
    wakes = {
        lab.layout.mac(network, host.number): partial(_wake, host)
        for host in lab.hosts.values()
        for network in NETWORKS
    }
    threading.Thread(target=magic_packets.listen, args=(lab.layout, wakes), daemon=True).start()


def _wake(host: Host) -> None:
    """Start a host that is off; its card sleeps while it is on."""
    if not host.is_on:
        switch(host, "on")


if __name__ == "__main__":
    main()

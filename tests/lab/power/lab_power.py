# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives a lab BMCs or Wake-on-LAN, and makes trouble with them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.lab.command import CLEAN_ENVIRONMENT, run
from tests.lab.errors import LabError
from tests.lab.host import REPOSITORY, Host
from tests.lab.lab import Lab
from tests.lab.layout import GUEST
from tests.lab.power import ipmi
from tests.lab.power.places import IPMI, METHODS, PASSWORD, REDFISH, USER, WAKE_ON_LAN, Places

_START_S = 30.0
_CERTIFICATE = ("openssl", "req", "-x509", "-days", "2", "-nodes", "-newkey", "ec")


class LabPower:
    """How the hosts of a lab are switched.

    Parameters
    ----------
    lab
        A lab that is up.
    method
        "ipmi", "redfish" or "wake_on_lan".
    """

    def __init__(self, lab: Lab, method: str) -> None:
        if method not in METHODS:
            raise ValueError(f"{method!r}: a lab's hosts are switched by {', '.join(METHODS)}")
        self.lab = lab
        self.method = method
        self._places = Places(lab.layout)

    @classmethod
    def give(cls, lab: Lab, method: str) -> LabPower:
        """Start what switches the hosts, and write ``drover_power`` into the lab's inventory.

        What there was before, of this method or another, goes.
        """
        power = cls(lab, method)
        power._places.remove(host.number for host in lab.hosts.values())
        power._start()
        lab.write_inventory({host.name: power.variables(host) for host in lab.hosts.values()})
        return power

    def variables(self, host: Host) -> dict[str, Any]:
        """Return ``drover_power`` of a host."""
        if self.method == WAKE_ON_LAN:
            mac = self.lab.layout.mac(GUEST, host.number)
            return {"method": WAKE_ON_LAN, "mac": mac, "interface": "br0"}
        reached = {"address": self.bmc(host), "user": USER, "password": PASSWORD}
        if self.method == REDFISH:
            identity = str(self.lab.layout.host_uuid(host.name))
            reached |= {"system": identity, "ca_path": str(self._places.certificate)}
        return {"method": self.method, **reached}

    def bmc(self, host: Host) -> str:
        """Return the address of a host's BMC."""
        return self._places.bmc(host.number)

    def silence(self, host: Host) -> None:
        """Take the host's BMC off the network, as when its feed fails or its cable is pulled."""
        self._places.set_address(host.number, present=False)

    def answer(self, host: Host) -> None:
        """Let the host's BMC answer again; nothing happens when it does."""
        self._places.set_address(host.number, present=True)

    @contextmanager
    def silent(self, host: Host) -> Iterator[None]:
        """Silence the host's BMC for as long as the block lasts."""
        self.silence(host)
        try:
            yield
        finally:
            self.answer(host)

    def _start(self) -> None:
        self._places.root.mkdir()
        hosts = list(self.lab.hosts.values())
        if self.method != WAKE_ON_LAN:
            for host in hosts:
                self.answer(host)
        if self.method == REDFISH:
            self._make_certificate(hosts)
        self._start_supply()
        if self.method == IPMI:
            for host in hosts:
                self._start_bmc(host)

    def _start_bmc(self, host: Host) -> None:
        directory = self._places.root / host.name
        login = ipmi.Login(self.bmc(host), USER, PASSWORD)
        process = ipmi.start(directory, self._places.socket, host.name, login)
        self._places.keep_process(host.name, process.pid)

    def _start_supply(self) -> None:
        said = self._places.root / "output"
        with said.open("ab") as output:
            supply = subprocess.Popen(
                [sys.executable, "-m", "tests.lab.power.supply", self.lab.name, self.method],
                cwd=REPOSITORY,
                env=CLEAN_ENVIRONMENT | {"PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = self._places.keep_process("supply", supply.pid)
        deadline = time.monotonic() + _START_S
        while not self._places.socket.exists():
            if not process.is_alive() or time.monotonic() > deadline:
                raise LabError(f"the lab's power supply does not start: {said.read_text()[-500:]}")
            time.sleep(0.02)

    def _make_certificate(self, hosts: list[Host]) -> None:
        certificate = self._places.certificate
        names = ",".join(f"IP:{self.bmc(host)}" for host in hosts)
        files = ("-keyout", str(certificate.with_suffix(".key")), "-out", str(certificate))
        about = ("-subj", "/CN=bmc", "-addext", f"subjectAltName={names}")
        run([*_CERTIFICATE, "-pkeyopt", "ec_paramgen_curve:P-256", *about, *files])

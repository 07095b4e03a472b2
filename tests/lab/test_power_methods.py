# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts are switched by the real modules, against BMCs and network cards of the lab; and what goes wrong with them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook
from tests.lab.power.lab_power import LabPower
from tests.lab.power.operator import PATIENCE, mark, power
from tests.lab.power.places import IPMI, METHODS, PASSWORD, REDFISH, Places

pytestmark = pytest.mark.lab


@pytest.fixture(autouse=True)
def no_power_afterwards(module_lab: Lab) -> Iterator[None]:
    """Take BMCs and the variables of the inventory away again."""
    yield
    Places(module_lab.layout).remove(host.number for host in module_lab.hosts.values())
    module_lab.write_inventory()


class Onlooker(threading.Thread):
    """Reads the command lines and environments of all processes, again and again, and keeps those that hold a word."""

    def __init__(self, word: str) -> None:
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self._word = word.encode()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.05):
            for kind in ("cmdline", "environ"):
                for path in Path("/proc").glob(f"[0-9]*/{kind}"):
                    self._look(path)

    def _look(self, path: Path) -> None:
        try:
            line = path.read_bytes()
        except OSError:
            return
        if self._word in line:
            self.seen.add(line.replace(b"\0", b" ").decode(errors="replace"))

    def stop(self) -> None:
        """End it."""
        self._over.set()
        self.join()


@pytest.mark.parametrize("method", METHODS)
def test_a_host_is_proved_to_sleep_and_wake(blank_cluster: Lab, method: str) -> None:
    """With each method: its BMC or network card does it, and the proof is kept. The password is nowhere to be read:
    not in the most talkative output, not in what is kept on hosts, not in the list of processes."""
    lab = blank_cluster
    LabPower.give(lab, method)
    kvm3 = lab.hosts["kvm3"]
    boot_id = kvm3.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout
    onlooker = Onlooker(PASSWORD)
    onlooker.start()
    variables = json.dumps({**PATIENCE, "drover_hosts": "kvm3"})
    proved = run_playbook(lab, "drover.libvirt.power_test", "-vvv", "--diff", "-e", variables)
    onlooker.stop()
    assert proved.code == 0, re.findall("(?s)fatal:.*?\n}", proved.output)
    assert kvm3.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout != boot_id
    proof = mark(lab, "kvm1")["proven"]
    assert proof["boot_s"] > 0
    assert proof["shutdown_s"] > 0
    if method == REDFISH:
        assert proof["watts"] == {"on": 120.0, "asleep": 9.0}
    assert mark(lab, "kvm1")["wake"]["method"] == method
    kept = [
        host.run(["grep", "-rlF", PASSWORD, "/var", "/root", "/run"], check=False).stdout
        for host in lab.hosts.values()
    ]
    assert (PASSWORD in proved.output, kept, onlooker.seen) == (False, [""] * 4, set())


def test_a_host_that_nobody_could_wake_stays_on(blank_cluster: Lab) -> None:
    """A BMC that is silent, refuses the password, or is that of another machine is told before anything is changed."""
    lab = blank_cluster
    bmcs = LabPower.give(lab, IPMI)
    with bmcs.silent(lab.hosts["kvm3"]):
        silent = power(lab, "off")
    assert "kvm3 stays on. kvm3 cannot be asked for its power by ipmi at" in silent.output
    assert "nobody answers. So nobody could wake it" in silent.output
    refused = power(lab, "off", password="wrong")
    assert "Incorrect password provided. So nobody could wake it" in refused.output
    lab.hosts["kvm2"].power_cut()
    other = power(
        lab,
        "off",
        "-e",
        "drover_unreachable=ignore",
        password=PASSWORD,
        address=bmcs.bmc(lab.hosts["kvm2"]),
    )
    assert other.code != 0
    assert silent.code != 0
    assert refused.code != 0
    assert lab.hosts["kvm3"].is_on
    assert mark(lab, "kvm1") == {}

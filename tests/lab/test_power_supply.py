# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab promises about power: hosts that go down and come up as real ones do, and their BMCs."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.command import run
from tests.lab.controller import until
from tests.lab.domains import Place
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.layout import SHARED
from tests.lab.power import trouble
from tests.lab.power.lab_power import LabPower
from tests.lab.power.places import IPMI, PASSWORD, REDFISH, USER, WAKE_ON_LAN, Places
from tests.lab.power.programs import UNITS

pytestmark = pytest.mark.lab


@pytest.fixture(autouse=True)
def no_power_afterwards(lab: Lab) -> Iterator[None]:
    """Take BMCs and the variables of the inventory away again."""
    yield
    Places(lab.layout).remove(host.number for host in lab.hosts.values())
    lab.write_inventory()


def ssh(lab: Lab, host: str, command: str) -> int:
    """Run a command on a host over SSH and return its exit code."""
    argv = ["ssh", "-F", str(lab.ssh_config), "-o", "ConnectTimeout=5", host, command]
    return subprocess.run(argv, capture_output=True, timeout=30, check=False).returncode


@pytest.mark.parametrize("command", ["systemctl poweroff", "shutdown -h now", "poweroff"])
def test_an_os_goes_down_from_inside(lab: Lab, command: str) -> None:
    """Told by SSH, a host presses its guests' power buttons and ends; it boots again as another boot."""
    host = lab.hosts["kvm3"]
    lab.start_guest("auto", "kvm3", autostart=True)
    until(lambda: lab.heartbeats("auto")["kvm3"])
    boot_id = host.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout
    ssh(lab, "kvm3", command)
    until(lambda: not host.is_on, 30)
    assert lab.serial("auto", "kvm3").endswith("off\n")
    host.power_on()
    host.wait_ready()
    assert host.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout != boot_id
    running = Place("kvm3", "running", persistent=True, autostart=True)
    until(lambda: lab.where("auto") == [running])


def test_a_host_tells_of_its_units(lab: Lab) -> None:
    """What is written down as active is what systemctl tells."""
    host = lab.hosts["kvm1"]
    host.path(UNITS).parent.mkdir(parents=True, exist_ok=True)
    host.path(UNITS).write_text("ceph-osd@3.service\n")
    listed = host.run(["systemctl", "list-units", "--state=active", "--no-legend"]).stdout
    assert listed.startswith("ceph-osd@3.service loaded active running")
    assert host.run(["systemctl", "is-active", "ceph-osd@3"]).stdout == "active\n"
    assert host.run(["systemctl", "is-active", "etcd"], check=False).returncode == 3
    host.path(UNITS).unlink()


def test_troubles_of_going_down_and_coming_up(lab: Lab) -> None:
    """A deaf host stays on; a stuck one has power and is silent; one without storage has an empty mount point; one that
    does not boot is silent."""
    host = lab.hosts["kvm2"]
    host.trouble(trouble.DEAF)
    assert ssh(lab, "kvm2", "systemctl poweroff") == 0
    assert ssh(lab, "kvm2", "test -d /srv/drover-shared/images") == 0
    host.end_trouble()
    host.trouble(trouble.STUCK)
    assert ssh(lab, "kvm2", "systemctl poweroff") == 0
    until(lambda: ssh(lab, "kvm2", "true") == 255, 30)
    assert host.is_on
    host.end_trouble()
    host.power_cut()
    host.trouble(trouble.NO_STORAGE)
    host.power_on()
    host.wait_ready()
    assert host.run(["ls", str(SHARED)]).stdout == ""
    host.power_cut()
    host.trouble(trouble.NO_BOOT)
    host.power_on()
    assert host.is_on
    assert ssh(lab, "kvm2", "true") == 255
    host.end_trouble()
    host.wait_ready()


def ipmitool(power: LabPower, host: Host, *words: str) -> str:
    """Ask a host's BMC with the standard client."""
    login = ["-H", power.bmc(host), "-U", USER, "-P", PASSWORD]
    return run(["ipmitool", "-I", "lanplus", "-C", "3", *login, *words]).stdout


def test_a_bmc_switches_its_host_over_ipmi(lab: Lab) -> None:
    """It says what is true, whatever switched the host, and does what it is told."""
    power = LabPower.give(lab, IPMI)
    host = lab.hosts["kvm2"]
    assert ipmitool(power, host, "chassis", "power", "status") == "Chassis Power is on\n"
    ipmitool(power, host, "chassis", "power", "soft")
    until(lambda: not host.is_on, 30)
    assert ipmitool(power, host, "chassis", "power", "status") == "Chassis Power is off\n"
    ipmitool(power, host, "chassis", "power", "on")
    until(lambda: host.is_on, 30)
    host.wait_ready()
    ipmitool(power, host, "chassis", "power", "off")
    until(lambda: not host.is_on, 30)
    assert all(other.is_on for other in lab.hosts.values() if other is not host)


def redfish(lab: Lab, power: LabPower, host: Host, path: str, **posted: str) -> Any:
    """Ask a host's BMC by plain HTTPS."""
    trusted = ssl.create_default_context(cafile=str(Places(lab.layout).certificate))
    request = urllib.request.Request(f"https://{power.bmc(host)}/redfish/v1/{path}")
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    if posted:
        request.data = json.dumps(posted).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20, context=trusted) as answer:
        return json.loads(answer.read() or b"null")


def test_a_bmc_switches_its_host_over_redfish(lab: Lab) -> None:
    """It shows its own system alone, switches it, and knows the watts."""
    power = LabPower.give(lab, REDFISH)
    host = lab.hosts["kvm2"]
    [member] = redfish(lab, power, host, "Systems")["Members"]
    system = member["@odata.id"].removeprefix("/redfish/v1/")
    assert redfish(lab, power, host, system)["PowerState"] == "On"
    [chassis] = redfish(lab, power, host, "Chassis")["Members"]
    consumption = chassis["@odata.id"].removeprefix("/redfish/v1/") + "/Power"
    busy = redfish(lab, power, host, consumption)["PowerControl"][0]["PowerConsumedWatts"]
    redfish(lab, power, host, f"{system}/Actions/ComputerSystem.Reset", ResetType="ForceOff")
    until(lambda: redfish(lab, power, host, system)["PowerState"] == "Off", 30)
    assert not host.is_on
    asleep = redfish(lab, power, host, consumption)["PowerControl"][0]["PowerConsumedWatts"]
    assert asleep < busy
    redfish(lab, power, host, f"{system}/Actions/ComputerSystem.Reset", ResetType="On")
    until(lambda: host.is_on, 30)
    host.wait_ready()


def test_a_silent_bmc_answers_nobody(lab: Lab) -> None:
    """While it is silent its host still works; then it answers again."""
    power = LabPower.give(lab, IPMI)
    host = lab.hosts["kvm1"]
    with power.silent(host):
        with pytest.raises(LabError, match="Unable to establish IPMI"):
            ipmitool(power, host, "-N", "1", "-R", "1", "chassis", "power", "status")
        assert host.is_on
    assert ipmitool(power, host, "chassis", "power", "status") == "Chassis Power is on\n"


def test_a_magic_packet_wakes_a_host(lab: Lab) -> None:
    """Sent by a neighbour to the broadcast address of the bridge, it boots the host that it is for."""
    LabPower.give(lab, WAKE_ON_LAN)
    host = lab.hosts["kvm3"]
    host.power_cut()
    mac = lab.layout.mac("guest", host.number)
    broadcast = str(lab.layout.network("guest").broadcast_address)
    send = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1);"
        f"s.sendto(b'\\xff' * 6 + bytes.fromhex('{mac}'.replace(':', '')) * 16, ('{broadcast}', 9))"
    )
    lab.hosts["kvm1"].run(["/usr/bin/python3", "-c", send])
    until(lambda: host.is_on, 20)
    host.wait_ready()

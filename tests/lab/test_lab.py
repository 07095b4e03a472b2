# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab promises to the tests that use it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import libvirt
import pytest

from tests.lab import faults
from tests.lab.beats import Beat, last_beat_s
from tests.lab.command import run
from tests.lab.domains import Place
from tests.lab.echo_client import EchoClient
from tests.lab.errors import ContinuityError, LabError
from tests.lab.hardware import Hardware
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.layout import LABS, MANAGEMENT, MIGRATION, SHARED
from tests.lab.processes import ProcessId

pytestmark = pytest.mark.lab


def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    """Wait until a condition holds; return whether it does."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def beats(lab: Lab, name: str, host: str) -> int:
    """Return how many heartbeats of a guest a host has seen."""
    return len(lab.heartbeats(name)[host])


def migrate(lab: Lab, name: str, source: str, destination: str) -> None:
    """Migrate peer to peer, as root over SSH, through the migration network."""
    target = lab.hosts[destination]
    lab.hosts[source].run(
        [
            *("virsh", "migrate", "--live", "--p2p", "--persistent", "--undefinesource", name),
            f"qemu+ssh://root@{destination}/system",
            *("--migrateuri", f"tcp://{target.migration_address}"),
        ]
    )


def migration_bytes(host: Host) -> int:
    """Return how much a host has sent into the migration network."""
    return int(host.run(["cat", "/sys/class/net/eth1/statistics/tx_bytes"]).stdout)


def reachable(host: Host, address: str) -> bool:
    """Whether a host gets a TCP connection to sshd at an address within two seconds."""
    command = ["timeout", "2", "bash", "-c", f"exec 3<>/dev/tcp/{address}/22"]
    return host.run(command, check=False).returncode == 0


def test_hosts_are_distinct(lab: Lab) -> None:
    """Each host answers as itself: hostname, UUID and boot id differ, capacity is its own."""
    identities = set()
    for host in lab.hosts.values():
        connection = host.connection()
        _model, memory_mib, cpus, *_rest = connection.getInfo()
        assert connection.getHostname() == host.name
        assert (cpus, memory_mib) == (host.hardware.cpus, host.hardware.memory_mib)
        uuid = ElementTree.fromstring(connection.getCapabilities()).findtext("host/uuid")
        connection.close()
        identities |= {uuid, host.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout}
    assert len(identities) == 2 * len(lab.hosts)


def test_load_follows_the_guests(lab: Lab) -> None:
    """A guest that spins shows as CPU load of its host and of no other."""
    lab.start_guest("spinner", "kvm1", spin=True, fill_mib=32)

    def busy_ns(host: Host) -> int:
        connection = host.connection()
        stats = connection.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS)
        connection.close()
        return int(stats["user"] + stats["kernel"])

    before = {name: busy_ns(host) for name, host in lab.hosts.items()}
    assert until(lambda: busy_ns(lab.hosts["kvm1"]) - before["kvm1"] > 5e8)
    assert busy_ns(lab.hosts["kvm2"]) - before["kvm2"] < 5e8


def test_ssh_reaches_every_host(lab: Lab) -> None:
    """The controller enters a host with the lab's key, and a host enters another by name."""
    argv = ["ssh", "-F", str(lab.ssh_config), "kvm1", "ssh kvm2 hostname; ssh kvm3 hostname"]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True).stdout
    assert said.split() == ["kvm2", "kvm3"]


def test_files_belong_to_one_host(lab: Lab) -> None:
    """What a host writes to /etc, /var and /root no other host sees; shared storage all do."""
    own = ("/etc/drover/mark", "/var/lib/drover/mark", "/root/mark", "/tmp/mark")
    kvm1, kvm2 = lab.hosts["kvm1"], lab.hosts["kvm2"]
    kvm1.run(["touch", *own, f"{SHARED}/mark"])
    seen = kvm2.run(["ls", *own, f"{SHARED}/mark"], check=False).stdout.split()
    kvm1.run(["rm", *own, f"{SHARED}/mark"])
    assert seen == [f"{SHARED}/mark"]
    assert not any(os.path.exists(path) for path in own)


def test_guest_is_defined_as_asked(lab: Lab) -> None:
    """A guest runs where it was started, persistent, with autostart and labels as asked."""
    lab.start_guest("web", "kvm2", autostart=True, labels={"tier": "<gold>"}, priority=3)
    assert lab.where("web") == [Place("kvm2", "running", persistent=True, autostart=True)]
    assert until(lambda: beats(lab, "web", "kvm2") > 2)
    connection = lab.hosts["kvm2"].connection()
    uri = "https://drover.dev/xmlns/domain/1"
    metadata = connection.lookupByName("web").metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, uri)
    connection.close()
    assert '<label name="tier" value="&lt;gold&gt;"/>' in metadata
    assert '<priority value="3"/>' in metadata


def test_guest_heeds_the_power_button(lab: Lab) -> None:
    """A guest shuts down when asked, unless it is deaf."""
    lab.start_guest("heeds", "kvm1")
    lab.start_guest("deaf", "kvm1", deaf=True)
    assert until(lambda: beats(lab, "heeds", "kvm1") > 0 and beats(lab, "deaf", "kvm1") > 0)
    lab.hosts["kvm1"].run(["virsh", "shutdown", "heeds"])
    lab.hosts["kvm1"].run(["virsh", "shutdown", "deaf"])
    assert until(lambda: lab.where("heeds")[0].state == "shutoff")
    assert lab.where("deaf")[0].state == "running"


def test_image_lock_holds_between_hosts(lab: Lab) -> None:
    """A second copy of a guest cannot start on another host while the first one has its disk."""
    guest = lab.start_guest("single", "kvm1")
    connection = lab.hosts["kvm2"].connection()
    with pytest.raises(libvirt.libvirtError, match='Failed to get "write" lock'):
        connection.createXML(guest.xml())
    connection.close()


def test_disk_is_written(lab: Lab) -> None:
    """A guest that is asked to writes to its image on the shared storage."""
    lab.start_guest("writer", "kvm1", disk_writes_s=5)
    image = lab.layout.backing / "images" / "writer.raw"
    assert until(lambda: image.stat().st_blocks > 0)


def test_live_migration_keeps_the_guest_alive(lab: Lab) -> None:
    """A live migration over SSH uses the migration network and the guest never restarts."""
    lab.start_guest("mover", "kvm1", fill_mib=32)
    assert until(lambda: beats(lab, "mover", "kvm1") > 2)
    before = migration_bytes(lab.hosts["kvm1"])
    migrate(lab, "mover", "kvm1", "kvm2")
    assert migration_bytes(lab.hosts["kvm1"]) - before > 32 << 20
    assert [place.host for place in lab.where("mover")] == ["kvm2"]
    assert until(lambda: beats(lab, "mover", "kvm2") > 2)
    assert lab.check_ran_once("mover").hosts == ("kvm1", "kvm2")


def test_dirtying_slows_a_migration(lab: Lab) -> None:
    """Memory that a guest dirties is sent again, at a bandwidth that can be limited."""
    lab.start_guest("dirty", "kvm1", dirty_mib_s=8, working_set_mib=16)
    faults.limit_bandwidth(lab.hosts["kvm1"], 200)
    assert until(lambda: beats(lab, "dirty", "kvm1") > 5)
    migrate(lab, "dirty", "kvm1", "kvm2")
    connection = lab.hosts["kvm2"].connection()
    stats = connection.lookupByName("dirty").jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
    connection.close()
    assert stats["memory_iteration"] > 1


def test_the_newest_beat_counts_wherever_it_was_seen() -> None:
    """A guest that moved on from the last host of the lab has beaten since on another one."""
    seen = {"kvm1": [Beat(9.0, "kvm1", "b", 2)], "kvm2": [Beat(5.0, "kvm2", "b", 1)], "kvm3": []}
    assert last_beat_s(seen) == 9.0
    assert last_beat_s({"kvm1": []}) is None


def test_restart_is_found_out(lab: Lab) -> None:
    """A guest that is destroyed and started again did not run exactly once."""
    lab.start_guest("restarted", "kvm1")
    assert until(lambda: beats(lab, "restarted", "kvm1") > 2)
    connection = lab.hosts["kvm1"].connection()
    domain = connection.lookupByName("restarted")
    domain.destroy()
    domain.create()
    connection.close()
    seen = beats(lab, "restarted", "kvm1")
    assert until(lambda: beats(lab, "restarted", "kvm1") > seen + 1)
    with pytest.raises(ContinuityError, match="started 2 times"):
        lab.check_ran_once("restarted")


def test_tcp_connection_survives_a_migration(lab: Lab) -> None:
    """A client of the Linux guest keeps its connection while the guest moves."""
    guest = lab.start_linux_guest("linux", "kvm1")
    with EchoClient(guest.address, guest.port) as client:
        assert until(lambda: client.record().received > 10)
        migrate(lab, "linux", "kvm1", "kvm2")
        seen = client.record().received
        assert until(lambda: client.record().received > seen + 10)
    assert client.record().broken is None
    assert lab.check_ran_once("linux").hosts == ("kvm1", "kvm2")


def test_link_is_cut_and_healed(lab: Lab) -> None:
    """A cut link silences one network of a host and no other, until it is healed."""
    kvm1, kvm2 = lab.hosts["kvm1"], lab.hosts["kvm2"]
    with faults.link_cut(kvm2, MIGRATION):
        assert not reachable(kvm1, kvm2.migration_address)
        assert reachable(kvm1, kvm2.address)
    assert until(lambda: reachable(kvm1, kvm2.migration_address))


def test_paused_daemon_goes_on(lab: Lab) -> None:
    """A paused libvirtd does not answer; resumed, it does, and its guests never noticed."""
    kvm1 = lab.hosts["kvm1"]
    lab.start_guest("guest", "kvm1")
    command = ["timeout", "1", "virsh", "list"]
    with faults.paused(kvm1.daemon("libvirtd")):
        assert kvm1.run(command, check=False).returncode == 124
    assert kvm1.run(["virsh", "domstate", "guest"]).stdout.strip() == "running"


def test_killed_daemon_comes_back(lab: Lab) -> None:
    """A libvirtd that was killed and started again finds its running guests."""
    kvm1 = lab.hosts["kvm1"]
    lab.start_guest("guest", "kvm1")
    faults.kill(kvm1.daemon("libvirtd"))
    with pytest.raises(LabError, match="no libvirtd running"):
        kvm1.daemon("libvirtd")
    kvm1.start_daemon("libvirtd")
    kvm1.wait_ready()
    assert lab.where("guest")[0].state == "running"


def test_paused_qemu_stops_ticking(lab: Lab) -> None:
    """A QEMU that is paused from outside gives no heartbeats until it is resumed."""
    lab.start_guest("guest", "kvm1")
    assert until(lambda: beats(lab, "guest", "kvm1") > 2)
    with faults.paused(lab.hosts["kvm1"].qemu("guest")):
        time.sleep(0.2)
        seen = beats(lab, "guest", "kvm1")
        time.sleep(0.6)
        assert beats(lab, "guest", "kvm1") == seen
    assert until(lambda: beats(lab, "guest", "kvm1") > seen)


def test_power_cut_keeps_the_definitions(lab: Lab) -> None:
    """After a power cut a host comes back with its files and guests, autostarted ones running."""
    kvm3 = lab.hosts["kvm3"]
    lab.start_guest("auto", "kvm3", autostart=True)
    lab.start_guest("manual", "kvm3")
    boot_id = kvm3.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout
    kvm3.run(["sh", "-c", "echo kept > /var/lib/drover/file"])
    kvm3.power_cut()
    assert not kvm3.is_on
    assert not reachable(lab.hosts["kvm1"], kvm3.address)
    kvm3.power_on()
    kvm3.wait_ready()
    assert kvm3.run(["cat", "/var/lib/drover/file"]).stdout == "kept\n"
    assert kvm3.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout != boot_id
    assert until(lambda: lab.where("auto")[0].state == "running")
    assert lab.where("manual")[0].state == "shutoff"


def test_power_off_shuts_guests_down(lab: Lab) -> None:
    """An orderly power-off presses the power button of the guests first."""
    lab.start_guest("guest", "kvm3")
    assert until(lambda: beats(lab, "guest", "kvm3") > 0)
    lab.hosts["kvm3"].power_off()
    assert lab.serial("guest", "kvm3").endswith("off\n")


def test_ansible_reaches_every_host(lab: Lab) -> None:
    """The inventory serves Ansible: all hosts answer and import libvirt."""
    ansible = Path(sys.executable).with_name("ansible")
    if not ansible.exists():
        pytest.skip("no ansible beside this Python")
    argv = [str(ansible), "-i", str(lab.inventory_path), "kvm", "-m", "ping"]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert said.stdout.count("SUCCESS") == len(lab.hosts), said.stdout + said.stderr


def test_two_labs_do_not_meet(lab: Lab) -> None:
    """A second lab has its own addresses, bridges and storage; its end leaves nothing behind."""
    owner = ProcessId.of(os.getpid())
    other = Lab.up(f"{lab.name}-b", (Hardware(2, 1024),), owner=owner)
    try:
        assert other.layout.slot != lab.layout.slot
        twin = other.hosts["kvm1"]
        assert not reachable(twin, lab.hosts["kvm1"].address)
        lab.start_guest("same", "kvm1")
        other.start_guest("same", "kvm1")
        assert twin.run(["ls", f"{SHARED}/images"]).stdout == "same.raw\n"
        inside = twin.run(["cat", "/proc/mounts"]).stdout
        assert lab.name + "/" not in inside.replace(other.name, "")
        processes = twin.processes()
    finally:
        other.down()
    assert not any(process.is_alive() for process in processes)
    assert leftovers(other) == []
    assert lab.where("same")[0].state == "running"


def leftovers(lab: Lab) -> list[str]:
    """Return what of a lab is still there: links, mounts, files."""
    links = run(["ip", "-brief", "link"]).stdout.split()
    found = [link for link in links if link.startswith(f"drv{lab.layout.slot}-")]
    mounts = Path("/proc/self/mounts").read_text().split()
    root = str(lab.layout.root)
    found += [mount for mount in mounts if mount == root or mount.startswith(f"{root}/")]
    return found + ([root] if lab.layout.root.exists() else [])


def test_reuse_finds_the_running_lab(lab: Lab) -> None:
    """A second up of the same shape takes the lab as it is, guests and all."""
    lab.start_guest("stays", "kvm1")
    again = Lab.up(lab.name, tuple(host.hardware for host in lab.hosts.values()))
    assert again.where("stays") == lab.where("stays")
    assert again.hosts["kvm1"].starter == lab.hosts["kvm1"].starter


def test_remains_of_a_crash_are_swept() -> None:
    """A lab whose owner was killed while it ran is found and removed, and no other is."""
    code = (
        "import os, time\n"
        "from tests.lab.lab import Lab\n"
        "from tests.lab.hardware import Hardware\n"
        "from tests.lab.processes import ProcessId\n"
        "name = f'test-{os.getpid()}'\n"
        "Lab.up(name, (Hardware(1, 1024),), owner=ProcessId.of(os.getpid()))\n"
        "print(name, flush=True)\n"
        "time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    name = owner.stdout.readline().strip()
    lab = Lab.attach(name)
    owner.kill()
    owner.wait()
    assert name in Lab.sweep()
    assert leftovers(lab) == []
    assert not (LABS / name).exists()
    lab.down()


def test_host_off_is_refused_by_name(lab: Lab) -> None:
    """A command for a host without power is refused with the host's name."""
    lab.hosts["kvm3"].power_cut()
    with pytest.raises(LabError, match="kvm3 is off"):
        lab.hosts["kvm3"].run(["true"])


def test_management_cut_hides_libvirt(lab: Lab) -> None:
    """With its management link cut a host's libvirt is out of reach for the controller."""
    kvm2 = lab.hosts["kvm2"]
    with faults.link_cut(kvm2, MANAGEMENT):
        argv = ["timeout", "2", "virsh", "-c", kvm2.uri, "uri"]
        assert run(argv, check=False).returncode != 0
    kvm2.wait_ready()

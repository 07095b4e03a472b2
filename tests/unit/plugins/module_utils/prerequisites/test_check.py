# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check of a migration: what it blocks, what it only warns of, and what it leaves to libvirt."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import (
    LibvirtFailed,
    PrerequisiteFailed,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.presence import Presence
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.volumes import ImageSize
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites import (
    check,
    copied_disks,
    devices,
    domain,
    hosts,
    machine,
    surroundings,
)
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.context import Context
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.finding import Finding
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

RUNS = EndState(state="running", reason="booted", persistent=True)
PAUSED = EndState(state="paused", reason="user", persistent=True)
OFF = EndState(state="shutoff", reason="shutdown", persistent=True)
ABSENT = EndState()


class Daemon:
    """What libvirt on a host says of the host."""

    def __init__(self, name: str, uuid: str = "", version: int = 9_000_000) -> None:
        self.name = name
        self.uuid = uuid or name
        self.versions = {"libvirt": version, "QEMU": version}
        self.free_kib = 1024 * 1024

    def getHostname(self) -> str:  # noqa: N802 as libvirt calls it
        """Return its name."""
        return self.name

    def getCapabilities(self) -> str:  # noqa: N802 as libvirt calls it
        """Return what it is."""
        return f"<capabilities><host><uuid>{self.uuid}</uuid></host></capabilities>"

    def getLibVersion(self) -> int:  # noqa: N802 as libvirt calls it
        """Return libvirt's version."""
        return self.versions["libvirt"]

    def getVersion(self) -> int:  # noqa: N802 as libvirt calls it
        """Return QEMU's version."""
        return self.versions["QEMU"]

    def getMemoryStats(self, _node: int) -> dict[str, int]:  # noqa: N802 as libvirt calls it
        """Return its memory, in KiB."""
        return {"free": self.free_kib // 2, "cached": self.free_kib // 2}


def context(
    xml: str = "",
    *,
    source: Any = None,
    destination: Any = None,
    state: EndState = RUNS,
    before: EndState = ABSENT,
    job: str | None = None,
    address: str | None = "10.0.0.2",
    **options: Any,
) -> Context:
    """Return a VM that is to go from kvm1 to kvm2."""
    definition = f"<domain type='kvm'>{xml}</domain>"
    request = MigrationRequest(
        "vm1",
        "u1",
        "u2",
        source="kvm1",
        destination="kvm2",
        migration_address=address,
        options=MigrationOptions(**options),
    )
    return Context(
        request,
        source or Daemon("kvm1"),
        destination or Daemon("kvm2"),
        DomainFacts("vm1", "u", state, 512, definition, job, 0),
        ET.fromstring(definition),
        before,
    )


def kinds(found: Iterator[Finding]) -> list[str]:
    """Return what came of a check: it holds, blocks, warns, or cannot be told."""
    return [
        "holds"
        if item.passed
        else {"block": "blocks", "warn": "warns", "info": "untold"}[item.severity]
        for item in found
    ]


def test_one_host_under_two_names_is_no_destination() -> None:
    """Nor are two hosts that libvirt cannot tell apart."""
    assert kinds(hosts.two_hosts(context())) == ["holds"]
    for name in ("kvm1", "kvm2"):
        [found] = hosts.two_hosts(context(destination=Daemon(name, uuid="kvm1")))
        assert found.blocks
        assert ("same host UUID" in found.evidence) is (name == "kvm2")


def test_an_older_destination_is_a_warning() -> None:
    """Of libvirt and of QEMU by itself."""
    newer = Daemon("kvm2", version=10_000_000)
    assert kinds(hosts.versions(context(destination=newer))) == ["holds", "holds"]
    newer.versions["QEMU"] = 8_000_000
    assert kinds(hosts.versions(context(destination=newer))) == ["holds", "warns"]


def test_a_way_that_nobody_named_is_a_warning() -> None:
    """The memory may take the wrong network."""
    assert kinds(hosts.migration_address(context())) == ["holds"]
    [found] = hosts.migration_address(context(address=None))
    assert (found.severity, "kvm2" in found.evidence) == ("warn", True)


@pytest.mark.parametrize(
    ("state", "mode", "kind"),
    [
        (RUNS, "live", "holds"),
        (PAUSED, "live", "holds"),
        (OFF, "live", "blocks"),
        (EndState(state="pmsuspended"), "live", "blocks"),
        (OFF, "offline", "holds"),
        (RUNS, "offline", "blocks"),
    ],
)
def test_a_vm_must_be_as_the_mode_wants_it(state: EndState, mode: str, kind: str) -> None:
    """Otherwise only its definition would move, or nothing."""
    assert kinds(domain.active(context(state=state, mode=mode))) == [kind]


@pytest.mark.parametrize("job", ["migration_out", "managed_save"])
def test_a_vm_that_libvirt_works_on_is_not_moved(job: str) -> None:
    """Two jobs do not go together."""
    assert kinds(domain.no_job(context(job=job))) == ["blocks"]
    assert kinds(domain.no_job(context())) == ["holds"]


def test_a_host_device_ties_a_vm_to_its_host() -> None:
    """Nothing else does, here."""
    assert kinds(domain.movable(context())) == ["holds"]
    device = "<devices><hostdev mode='subsystem' type='pci'/></devices>"
    assert "blocks" in kinds(domain.movable(context(device)))


class Known:
    """A VM that the destination knows."""

    def __init__(self, name: str, uuid: str) -> None:
        self._name, self._uuid = name, uuid

    def name(self) -> str:
        """Return its name."""
        return self._name

    def UUIDString(self) -> str:  # noqa: N802 as libvirt calls it
        """Return its UUID."""
        return self._uuid


@pytest.mark.parametrize(
    ("known", "before", "transient", "kind"),
    [
        (None, ABSENT, False, "holds"),
        (Known("vm1", "other"), ABSENT, False, "blocks"),
        (Known("vm9", "u"), OFF, False, "blocks"),
        (Known("vm1", "u"), OFF, False, "warns"),
        (Known("vm1", "u"), OFF, True, "warns"),
        (Known("vm1", "u"), RUNS, False, "blocks"),
        (Known("vm1", "u"), PAUSED, False, "blocks"),
    ],
)
def test_the_name_and_the_uuid_must_be_free(
    monkeypatch: pytest.MonkeyPatch,
    known: Known | None,
    before: EndState,
    transient: bool,
    kind: str,
) -> None:
    """An old definition is no obstacle; a second QEMU is an emergency."""

    def find(_connection: Any, uuid: str | None, name: str | None = None) -> Known | None:
        found = known is not None and (known.UUIDString() == uuid if uuid else known.name() == name)
        return known if found else None

    monkeypatch.setattr(domain, "find_domain", find)
    state = EndState(state="running", persistent=not transient)
    [found] = domain.free_name(context(state=state, before=before))
    assert kinds(iter([found])) == [kind]
    if kind == "warns":
        assert ("stays there" in found.evidence) is transient


CPU = (
    "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><cpu><model>Skylake</model></cpu>"
)


def test_a_machine_that_the_destination_lacks_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with its emulator."""
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(machine, "offers_machine", lambda *what: asked.append(what))
    vm = context(CPU + "<devices><emulator>/usr/bin/qemu</emulator></devices>")
    assert kinds(machine.machine(vm)) == ["holds"]
    assert asked[0][1:] == ("/usr/bin/qemu", "x86_64", "pc-q35-7.2", "kvm")

    def refuse(*_what: Any) -> None:
        raise LibvirtFailed("unsupported machine.")

    monkeypatch.setattr(machine, "offers_machine", refuse)
    [found] = machine.machine(vm)
    assert found.blocks
    assert "unsupported machine." in found.evidence


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (None, "holds", "offers the VM's CPU"),
        ("the CPU is incompatible: missing features: avx,sse", "blocks", "it lacks avx, sse."),
        ("unknown CPU model", "blocks", "unknown CPU model"),
    ],
)
def test_a_cpu_that_the_destination_lacks_blocks(
    monkeypatch: pytest.MonkeyPatch, answer: str | None, kind: str, words: str
) -> None:
    """The features that it lacks are named."""
    monkeypatch.setattr(machine, "compare_cpu", lambda *_asked: answer)
    [found] = machine.processor(context(CPU))
    assert kinds(iter([found])) == [kind]
    assert words in found.evidence


def test_a_vm_that_asks_for_no_cpu_gets_any() -> None:
    """Nothing is compared."""
    assert kinds(machine.processor(context())) == ["holds"]
    assert kinds(machine.processor(context("<cpu mode='host-passthrough'/>"))) == ["holds"]


@pytest.mark.parametrize(
    ("free_mib", "resident_mib", "kind"),
    [(512, 100, "holds"), (500, 100, "warns"), (500, None, "warns"), (90, 100, "blocks")],
)
def test_memory_must_hold_what_the_vm_has_in_use(
    monkeypatch: pytest.MonkeyPatch, free_mib: int, resident_mib: int | None, kind: str
) -> None:
    """And better all that it may use."""
    monkeypatch.setattr(machine, "resident_mib", lambda *_asked: resident_mib)
    there = Daemon("kvm2")
    there.free_kib = free_mib * 1024
    assert kinds(machine.memory(context(destination=there))) == [kind]


def test_a_vm_that_takes_all_its_memory_at_once_needs_all_of_it() -> None:
    """Huge pages are counted elsewhere."""
    there = Daemon("kvm2")
    there.free_kib = 500 * 1024
    locked = "<memoryBacking><locked/></memoryBacking>"
    assert kinds(machine.memory(context(locked, destination=there))) == ["blocks"]
    huge = "<memoryBacking><hugepages/></memoryBacking>"
    assert kinds(machine.memory(context(huge, destination=there))) == ["holds"]


@pytest.mark.parametrize(
    ("presence", "kind"),
    [
        (Presence.ACTIVE, "holds"),
        (Presence.ABSENT, "blocks"),
        (Presence.UNTOLD, "untold"),
    ],
)
def test_a_secret_that_the_destination_lacks_blocks(
    monkeypatch: pytest.MonkeyPatch, presence: Presence, kind: str
) -> None:
    """Each one is looked for once."""
    asked: list[str] = []

    def look(_connection: Any, _uuid: str | None, _kind: str | None, name: str) -> Presence:
        asked.append(name)
        return presence

    monkeypatch.setattr(devices, "secret_presence", look)
    used = "<secret type='ceph' uuid='s1'/>"
    vm = context(f"<devices><disk>{used}</disk><disk>{used}</disk></devices>")
    assert kinds(devices.secrets(vm)) == [kind]
    assert asked == ["s1"]


CAPABILITIES = """<domainCapabilities><os><loader><value>/fw/code.fd</value></loader></os>
<devices><tpm><enum name='backendModel'><value>{}</value></enum></tpm></devices></domainCapabilities>"""


def test_firmware_that_is_not_listed_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file may be there all the same; a VM without its own has none to look for."""
    monkeypatch.setattr(devices, "domain_capabilities", lambda *_asked: CAPABILITIES)
    for path, kind in (("/fw/code.fd", "holds"), ("/fw/other.fd", "warns")):
        vm = context(f"<os><loader>{path}</loader></os>")
        assert kinds(devices.firmware(vm)) == [kind]
    assert kinds(devices.firmware(context())) == []


@pytest.mark.parametrize(("offered", "kind"), [("emulator", "holds"), ("passthrough", "blocks")])
def test_an_emulated_tpm_needs_an_emulator(
    monkeypatch: pytest.MonkeyPatch, offered: str, kind: str
) -> None:
    """One of the host's own does not serve it."""
    monkeypatch.setattr(
        devices, "domain_capabilities", lambda *_asked: CAPABILITIES.format(offered)
    )
    tpm = "<devices><tpm><backend type='emulator'/></tpm></devices>"
    assert kinds(devices.tpm(context(tpm))) == [kind]
    assert kinds(devices.tpm(context())) == []


NETWORK = "<interface type='network'><source network='lan'/></interface>"
BRIDGE = "<interface type='bridge'><source bridge='br0'/></interface>"
DIRECT = "<interface type='direct'><source dev='eth1'/></interface>"


@pytest.mark.parametrize(
    ("presence", "network", "linked"),
    [
        (Presence.ACTIVE, "holds", "holds"),
        (Presence.INACTIVE, "blocks", "warns"),
        (Presence.ABSENT, "blocks", "blocks"),
        (Presence.UNTOLD, "untold", "untold"),
    ],
)
def test_what_a_vm_is_plugged_into_must_be_there(
    monkeypatch: pytest.MonkeyPatch, presence: Presence, network: str, linked: str
) -> None:
    """A bridge without a carrier takes the VM all the same."""
    for name in ("network_presence", "interface_presence"):
        monkeypatch.setattr(surroundings, name, lambda *_asked: presence)
    vm = context(f"<devices>{NETWORK}{BRIDGE}{DIRECT}</devices>")
    assert kinds(surroundings.networks(vm)) == [network]
    assert kinds(surroundings.bridges(vm)) == [linked]
    assert kinds(surroundings.interfaces(vm)) == [linked]


DISKS = """<devices>
<disk type='file' device='disk'><driver type='raw'/><source file='/images/a.raw'/><target dev='vda'/></disk>
<disk type='file' device='cdrom'><source file='/images/cd.iso'/><target dev='sda'/><readonly/></disk>
<disk type='network' device='disk'><source protocol='rbd' name='p/v'/><target dev='vdb'/></disk>
</devices>"""


@pytest.mark.parametrize(
    ("presence", "kind"),
    [
        (Presence.ACTIVE, "holds"),
        (Presence.ABSENT, "blocks"),
        (Presence.UNTOLD, "untold"),
        (Presence.INACTIVE, "untold"),
    ],
)
def test_an_image_that_a_pool_of_the_destination_lacks_blocks(
    monkeypatch: pytest.MonkeyPatch, presence: Presence, kind: str
) -> None:
    """What is copied need not be there, and storage of the network is on no host."""
    asked: list[str] = []

    def look(_connection: Any, path: str) -> Presence:
        asked.append(path)
        return presence

    monkeypatch.setattr(surroundings, "volume_presence", look)
    assert kinds(surroundings.storage(context(DISKS))) == [kind, kind]
    assert asked == ["/images/a.raw", "/images/cd.iso"]
    asked.clear()
    assert kinds(surroundings.storage(context(DISKS, copy_storage="all"))) == [kind]
    assert asked == ["/images/cd.iso"]


class Directory:
    """A directory of the destination."""

    def __init__(self, *names: str, free_mib: float = 100.0) -> None:
        self.names = names
        self.free_mib = free_mib
        self.error = ""


Copying = Callable[..., list[Finding]]


@pytest.fixture
def copying(monkeypatch: pytest.MonkeyPatch) -> Copying:
    """Return what checks the disks to copy; each is 80 MiB and takes up 40."""

    def run(directory: Directory, xml: str = DISKS, **options: Any) -> list[Finding]:
        @contextlib.contextmanager
        def pool(_connection: Any, _path: str) -> Iterator[Directory]:
            if directory.error:
                raise LibvirtFailed(directory.error)
            yield directory

        monkeypatch.setattr(copied_disks, "directory_pool", pool)
        return list(copied_disks.copied(context(xml, **{"copy_storage": "all", **options})))

    monkeypatch.setattr(copied_disks, "free_mib", lambda there: there.free_mib)
    monkeypatch.setattr(copied_disks, "has_image", lambda there, name: name in there.names)
    monkeypatch.setattr(copied_disks, "find_domain", lambda *_asked: None)
    monkeypatch.setattr(copied_disks, "image_size", lambda *_asked: ImageSize(80.0, 40.0))
    return run


@pytest.mark.parametrize(
    ("free_mib", "kind"), [(100.0, "holds"), (80.0, "holds"), (50.0, "warns"), (30.0, "blocks")]
)
def test_copied_disks_need_room(copying: Copying, free_mib: float, kind: str) -> None:
    """What they take now must fit; what they may take at most is a warning."""
    assert kinds(iter(copying(Directory(free_mib=free_mib)))) == [kind]


def test_an_image_that_is_there_is_shared_unless_it_was_named(copying: Copying) -> None:
    """A named one would be overwritten."""
    there = Directory("a.raw")
    assert kinds(iter(copying(there))) == ["holds", "holds"]
    found = copying(there, migrate_disks=("vda",))
    assert kinds(iter(found)) == ["blocks", "holds"]
    assert "it is not overwritten" in found[0].evidence


def test_a_directory_that_is_not_there_blocks(copying: Copying) -> None:
    """libvirt's words say why."""
    there = Directory()
    there.error = "No such directory."
    [found] = copying(there)
    assert (found.blocks, found.evidence) == (True, "No such directory.")


def test_a_disk_that_cannot_be_copied_blocks(copying: Copying) -> None:
    """One that the VM has not, one that is no file, and one with layers below."""
    [found, *_more] = copying(Directory(), migrate_disks=("vdz",))
    assert "no writable disk vdz" in found.evidence
    found, *_more = copying(Directory(), migrate_disks=("vdb",))
    assert "not an image file" in found.evidence
    layered = DISKS.replace(
        "<target dev='vda'/>",
        "<target dev='vda'/><backingStore><source file='/images/base.raw'/></backingStore>",
    )
    found, *_more = copying(Directory(), layered)
    assert found.blocks
    assert "layered" in found.evidence


def test_a_check_that_libvirt_cannot_make_does_not_stop_the_others() -> None:
    """Migrating will show."""

    def secrets_of_it(_context: Any) -> Iterator[Finding]:
        yield from ()
        raise LibvirtFailed("no secret driver.")

    [found] = check.findings(secrets_of_it, context())
    assert (found.id, found.blocks, found.evidence) == (
        "secrets_of_it",
        False,
        "no secret driver.",
    )


def test_all_that_blocks_is_told_at_once() -> None:
    """With each remedy once; warnings block nothing."""
    blocking = [
        Finding("a", "block", False, "A is missing.", "Install it."),
        Finding("b", "warn", False, "B is old.", "Renew it."),
        Finding("c", "block", False, "C is missing.", "Install it."),
        Finding("d", "block", True, "D is there."),
    ]
    with pytest.raises(PrerequisiteFailed, match=r"A is missing\. C is missing\.") as refusal:
        check.refuse_failed(blocking)
    assert refusal.value.remedy == "Install it."
    check.refuse_failed(blocking[1:2])


def test_a_host_tells_its_uuid_once_a_connection() -> None:
    """libvirt takes long to answer; each way of a preflight, and each migration, had asked four times."""
    asked: list[str] = []

    class Counting(Daemon):
        def getCapabilities(self) -> str:  # noqa: N802 as libvirt calls it
            asked.append(self.name)
            return super().getCapabilities()

    first, second = Counting("kvm1"), Counting("kvm2")
    uuids = [hosts.host_uuid(end) for end in (first, second, first, second)]
    assert (uuids, asked) == (["kvm1", "kvm2"] * 2, ["kvm1", "kvm2"])

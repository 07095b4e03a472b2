# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a host before a migration begins."""

from __future__ import annotations

import re
import resource
from collections.abc import Callable
from pathlib import Path

import libvirt

from tests.faults.injections import kill_daemon
from tests.faults.row import Inject
from tests.faults.scene import Scene, wait_until
from tests.lab import faults
from tests.lab.command import run
from tests.lab.host import Host

Provide = Callable[[Host], Callable[[], object]]

SMALL = "small"
OTHER_EMULATOR = "/var/lib/qemu-system-other"
_CAPABILITIES = "/var/cache/libvirt/qemu/capabilities"
_ELSEWHERE = "/var/lib/libvirt/images/only-here.raw"

QEMU = "/usr/bin/qemu-system-x86_64"
_REAL = "/var/lib/libvirt/qemu-real"
_WRAPPER = "/var/lib/libvirt/qemu-wrapper"
# QEMU finds its modules and firmware relative to its binary unless it is told where they are.
_WRAPPER_SCRIPT = f"""\
#!/bin/sh
export QEMU_MODULE_DIR=/usr/lib/x86_64-linux-gnu/qemu
exec {_REAL} -L /usr/share/qemu -L /usr/share/seabios "$@" \\
  -global max-x86_64-cpu.aes=off -global Westmere-x86_64-cpu.aes=off
"""

_NETWORK = "<network><name>lab2</name><forward mode='bridge'/><bridge name='br0'/></network>"
_INTERFACE = (
    "<interface type='network'><source network='lab2'/>"
    "<model type='e1000'/><rom enabled='no'/></interface></devices>"
)
_SNAPSHOT = """\
<domainsnapshot><name>before-upgrade</name><state>shutoff</state>
<creationTime>1700000000</creationTime>{definition}</domainsnapshot>"""


# -- changes to the VM's definition --------------------------------------------------------------


def on_network(xml: str) -> str:
    """Plug the VM into the network lab2."""
    return xml.replace("</devices>", _INTERFACE)


def attached_directly(xml: str) -> str:
    """Attach the VM to the interface direct0 by macvtap."""
    interface = (
        "<interface type='direct'><source dev='direct0' mode='bridge'/>"
        "<model type='e1000'/><rom enabled='no'/></interface></devices>"
    )
    return xml.replace("</devices>", interface)


def with_machine(machine: str) -> Callable[[str], str]:
    """Give the VM a machine type."""
    return lambda xml: re.sub("machine='pc'", f"machine='{machine}'", xml)


def with_emulator(path: str) -> Callable[[str], str]:
    """Give the VM another emulator."""
    return lambda xml: re.sub("<emulator>.*</emulator>", f"<emulator>{path}</emulator>", xml)


def with_cpu(model: str) -> Callable[[str], str]:
    """Give the VM a CPU model."""
    cpu = f"<cpu mode='custom' match='exact'><model fallback='forbid'>{model}</model></cpu>"
    return lambda xml: xml.replace("<features>", f"{cpu}<features>", 1)


def on_local_disk(xml: str) -> str:
    """Give the VM an image that only its host has."""
    return re.sub(r"file='[^']*\.raw'|file=\"[^\"]*\.raw\"", f"file='{_ELSEWHERE}'", xml)


# -- hosts, before the VM starts -------------------------------------------------------------------


def only_source_has(provide: Provide) -> Inject:
    """Give the source something that the destination gets only when the fault is undone."""

    def prepare(scene: Scene) -> None:
        scene.on_cleanup(provide(scene.source))
        scene.on_heal(lambda: scene.on_cleanup(provide(scene.destination)))

    return prepare


def bridge(host: Host) -> Callable[[], object]:
    """Make a bridge brx."""
    host.run(["ip", "link", "add", "brx", "type", "bridge"])
    # a port with a carrier, without which libvirt calls a bridge inactive
    host.run(["ip", "link", "add", "brx-port", "type", "veth", "peer", "name", "brx-peer"])
    host.run(["ip", "link", "set", "brx-port", "master", "brx"])
    for name in ("brx", "brx-port", "brx-peer"):
        host.run(["ip", "link", "set", name, "up"])
    return lambda: _delete_links(host, "brx-port", "brx")


def _delete_links(host: Host, *names: str) -> None:
    for name in names:
        host.run(["ip", "link", "delete", name], check=False)


def bridge_without_carrier_on_destination(scene: Scene) -> None:
    """Make a bridge brx on both hosts, on the destination without a port that has a carrier."""
    scene.on_cleanup(bridge(scene.source))
    scene.on_cleanup(bridge(scene.destination))
    scene.destination.run(["ip", "link", "set", "brx-peer", "down"])


def direct_interface(host: Host) -> Callable[[], object]:
    """Make an interface direct0 that VMs can be attached to directly."""
    host.run(["ip", "link", "add", "direct0", "type", "veth", "peer", "name", "direct0-peer"])
    for name in ("direct0", "direct0-peer"):
        host.run(["ip", "link", "set", name, "up"])
    return lambda: _delete_links(host, "direct0")


def network(host: Host) -> Callable[[], object]:
    """Define and start a network lab2."""
    idle_network(host)
    host.connection().networkLookupByName("lab2").create()
    return lambda: remove_network(host)


def source_network(scene: Scene) -> None:
    """Have an active network lab2 on the source only."""
    scene.on_cleanup(network(scene.source))


def idle_network_on_destination(scene: Scene) -> None:
    """Define a network lab2 on the destination, which is started when the fault is undone."""
    host = scene.destination
    idle_network(host)
    scene.on_cleanup(lambda: remove_network(host))
    scene.on_heal(lambda: host.connection().networkLookupByName("lab2").create())


def idle_network(host: Host) -> None:
    """Define a network lab2."""
    host.connection().networkDefineXML(_NETWORK)


def remove_network(host: Host) -> None:
    """Remove the network lab2 if it is there."""
    for each in host.connection().listAllNetworks():
        if each.name() == "lab2":
            if each.isActive():
                each.destroy()
            each.undefine()


def emulator(host: Host) -> Callable[[], object]:
    """Have QEMU under another name as well."""
    host.run(["ln", "-sf", "/usr/bin/qemu-system-x86_64", OTHER_EMULATOR])
    return lambda: host.run(["rm", "-f", OTHER_EMULATOR])


def local_image(host: Host) -> Callable[[], object]:
    """Have an image on the host's own disk, known to its pool."""
    host.run(["truncate", "--size", "16M", _ELSEWHERE])
    host.connection().storagePoolLookupByName("images").refresh()
    return lambda: host.run(["rm", "-f", _ELSEWHERE])


# -- the destination, before the migration begins --------------------------------------------------


def without_machine(machine: str) -> Inject:
    """Let the destination's QEMU not offer a machine type."""

    def inject(scene: Scene) -> None:
        host = scene.destination
        found = host.path(Path(_CAPABILITIES))
        texts = {path: path.read_text() for path in found.glob("*.xml")}
        for path, text in texts.items():
            path.write_text(re.sub(rf" *<machine [^>]*name='{machine}'[^>]*/>\n", "", text))
        restart_daemon(host)

        def undo() -> None:
            for path, text in texts.items():
                path.write_text(text)
            restart_daemon(host)

        scene.on_heal(undo)

    return inject


def restart_daemon(host: Host) -> None:
    """Restart libvirtd, so that it reads its caches again."""
    faults.kill(host.daemon("libvirtd"))
    host.start_daemon("libvirtd")
    host.wait_ready()


def weaker_cpu(scene: Scene) -> None:
    """Let the destination's QEMU lack the CPU feature aes, as if its processor did."""
    host = scene.destination
    host.run(["cp", QEMU, _REAL])
    host.path(Path(_WRAPPER)).write_text(_WRAPPER_SCRIPT)
    host.run(["chmod", "755", _WRAPPER])
    host.run(["mount", "--bind", _WRAPPER, QEMU])
    restart_daemon(host)

    def undo() -> None:
        host.run(["umount", QEMU])
        restart_daemon(host)

    scene.on_heal(undo)


def namesake(scene: Scene) -> None:
    """Define another VM with the same name on the destination."""
    _define(scene, lambda xml: re.sub("<uuid>.*</uuid>", "", xml))


def twin(scene: Scene) -> None:
    """Define another VM with the same UUID on the destination."""
    _define(scene, lambda xml: xml.replace(f"<name>{scene.guest}<", "<name>other<"))


def old_definition(scene: Scene) -> None:
    """Define the VM itself on the destination, as it was once."""
    xml = scene.domain(scene.source).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    scene.destination.connection().defineXML(re.sub(">1</vcpu>", ">2</vcpu>", xml))


def _define(scene: Scene, change: Callable[[str], str]) -> None:
    xml = scene.domain(scene.source).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    domain = scene.destination.connection().defineXML(change(xml))
    scene.on_heal(domain.undefine)


def snapshot(scene: Scene) -> None:
    """Let libvirt know a snapshot of the VM."""
    domain = scene.domain(scene.source)
    definition = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    flags = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE
    made = domain.snapshotCreateXML(_SNAPSHOT.format(definition=definition), flags)
    scene.on_heal(lambda: made.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY))


def no_key(scene: Scene) -> None:
    """Take the source's SSH key away."""
    key, away = "/root/.ssh/id_ed25519", "/root/.ssh/away"
    scene.source.run(["mv", key, away])
    scene.on_heal(lambda: scene.source.run(["mv", away, key]))


def no_key_and_another_way(scene: Scene) -> None:
    """Take the source's SSH key away, while the migrating process goes by TCP."""
    no_key(scene)
    scene.overrides["destination_uri"] = scene.destination.uri


def no_daemon(scene: Scene) -> None:
    """Have no libvirtd on the destination."""
    kill_daemon("destination", restart=False)(scene)


def short_of_memory(scene: Scene) -> None:
    """Let QEMU get less address space on the destination than it needs."""
    host = scene.destination
    daemon = host.daemon("libvirtd")
    _prlimit(daemon.pid, 1200 << 20)
    scene.on_heal(lambda: restart_daemon(host))


def _prlimit(pid: int, size: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_AS, (size, size))


# -- a storage that is too small -------------------------------------------------------------------


def small_storage(scene: Scene) -> None:
    """Put a file system of 64 KiB into the shared storage, with a sparse image in it."""
    directory = scene.lab.layout.backing / SMALL
    directory.mkdir(exist_ok=True)
    run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(directory)])
    with (directory / "vm1.raw").open("wb") as image:
        image.truncate(16 << 20)
    scene.on_cleanup(lambda: _remove_small_storage(directory))
    scene.on_heal(lambda: _make_room(scene, directory))


def on_small_storage(xml: str) -> str:
    """Give the VM its image in the small file system."""
    return re.sub(r"/images/([^/]*)\.raw", rf"/{SMALL}/\1.raw", xml)


def wait_for_io_error(scene: Scene) -> None:
    """Wait until QEMU has paused the VM."""
    domain = scene.domain(scene.source)
    wait_until(
        lambda: domain.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR],
        30,
        "the I/O error",
    )


def _make_room(scene: Scene, directory: Path) -> None:
    run(["mount", "-o", "remount,size=32m", str(directory)])
    if scene.source_state() == libvirt.VIR_DOMAIN_PAUSED:
        scene.domain(scene.source).resume()


def _remove_small_storage(directory: Path) -> None:
    run(["umount", str(directory)])
    directory.rmdir()

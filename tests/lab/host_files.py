# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of a host, as files of its own /etc, /var and /root."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from tests.lab.beats import GUEST_LOGS
from tests.lab.command import run
from tests.lab.layout import (
    GUEST,
    MANAGEMENT,
    MIGRATION,
    NETWORKS,
    SHARED,
    Layout,
    host_name,
)

#: Directories whose content on the machine itself no host may see.
_OPAQUE = (
    "etc/libvirt",
    "etc/ssh",
    "etc/drover",
    "etc/drover-lab",
    "var/lib/libvirt",
    "var/lib/drover",
    "var/cache/libvirt",
    "var/log",
    "var/tmp",
)
#: Directories that must be there.
_EMPTY = (
    "root",
    "work/etc",
    "work/var",
    "hardware",
    "var/lib/libvirt/images",
    "var/log/libvirt",
    str(GUEST_LOGS).lstrip("/"),
    "var/cache/libvirt/qemu/capabilities",
)
_LIBVIRT = "etc/libvirt"
_IMAGES = Path("/var/lib/libvirt/images")
#: What libvirt starts with the host: it looks for links to the definitions.
_AUTOSTARTED = ("qemu/networks/guests.xml", "storage/images.xml", "storage/shared.xml")


def make_keys(layout: Layout, count: int) -> None:
    """Make the lab's SSH key, one host key per host and the files that make them trusted."""
    layout.keys.mkdir(parents=True, exist_ok=True)
    _keygen(layout.keys / "id_ed25519", f"drover-lab {layout.name}")
    for number in range(1, count + 1):
        _keygen(layout.keys / f"{host_name(number)}_key", host_name(number))
    known = "".join(_known_host(layout, number) for number in range(1, count + 1))
    (layout.keys / "known_hosts").write_text(known)
    clients = "".join(_client_entry(layout, number) for number in range(1, count + 1))
    (layout.keys / "config").write_text(clients)


def provision(layout: Layout, number: int, count: int) -> None:
    """Write the files of one host, which it keeps over its power cycles."""
    root = layout.host_root(host_name(number))
    for directory in _OPAQUE:
        _make_opaque(root / directory)
    for directory in _EMPTY:
        (root / directory).mkdir(parents=True, exist_ok=True)
    _write(root, _host_files(layout, number, count))
    for name in _AUTOSTARTED:
        _autostart(root / _LIBVIRT, Path(name))
    _trust(layout, root, host_name(number))
    (root / "root").chmod(0o700)
    (root / "var/tmp").chmod(0o1777)


def _keygen(path: Path, comment: str) -> None:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])


def _known_host(layout: Layout, number: int) -> str:
    key = (layout.keys / f"{host_name(number)}_key.pub").read_text().split()[:2]
    addresses = (layout.address(network, number) for network in NETWORKS)
    names = ",".join([host_name(number), *map(str, addresses)])
    return f"{names} {' '.join(key)}\n"


def _client_entry(layout: Layout, number: int) -> str:
    return (
        f"Host {host_name(number)}\n"
        f"  HostName {layout.address(MANAGEMENT, number)}\n"
        "  User root\n"
        f"  IdentityFile {layout.keys / 'id_ed25519'}\n"
        "  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {layout.keys / 'known_hosts'}\n"
    )


def _make_opaque(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    os.setxattr(directory, "trusted.overlay.opaque", b"y")


def _trust(layout: Layout, root: Path, host: str) -> None:
    """Let root of every host and of the controller in, and know all hosts' keys."""
    home = root / "root/.ssh"
    home.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(layout.keys / "id_ed25519", home / "id_ed25519")
    shutil.copy(layout.keys / "id_ed25519.pub", home / "authorized_keys")
    shutil.copy(layout.keys / "known_hosts", home / "known_hosts")
    shutil.copy(layout.keys / f"{host}_key", root / "etc/ssh/ssh_host_ed25519_key")


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _host_files(layout: Layout, number: int, count: int) -> dict[str, str]:
    name = host_name(number)
    return {
        "etc/hostname": f"{name}\n",
        "etc/hosts": _hosts(layout, range(1, count + 1)),
        "etc/machine-id": f"{layout.host_uuid(name).hex}\n",
        "etc/shadow": _unlocked_shadow(),
        "etc/ssh/sshd_config": _SSHD,
        f"{_LIBVIRT}/libvirtd.conf": _libvirtd(layout, number),
        f"{_LIBVIRT}/qemu.conf": _QEMU,
        f"{_LIBVIRT}/qemu/networks/guests.xml": _network_xml(layout, name),
        f"{_LIBVIRT}/storage/images.xml": _pool_xml(layout, name, "images", _IMAGES),
        f"{_LIBVIRT}/storage/shared.xml": _pool_xml(layout, name, "shared", SHARED),
    }


def _autostart(directory: Path, name: Path) -> None:
    links = directory / name.parent / "autostart"
    links.mkdir(exist_ok=True)
    (links / name.name).symlink_to(Path("/", _LIBVIRT, name))


def _hosts(layout: Layout, numbers: Iterable[int]) -> str:
    suffix = {MANAGEMENT: "", MIGRATION: "-migration", GUEST: "-guest"}
    lines = [
        f"{layout.address(network, number)} {host_name(number)}{suffix[network]}"
        for network in NETWORKS
        for number in numbers
    ]
    return "\n".join(["127.0.0.1 localhost", *lines, ""])


def _unlocked_shadow() -> str:
    """Return the machine's /etc/shadow with root unlocked, else sshd refuses even a key."""
    root, _newline, rest = Path("/etc/shadow").read_text().partition("\n")
    return f"{root.replace(':!', ':*', 1)}\n{rest}"


_SSHD = """\
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 200
MaxSessions 100
Subsystem sftp internal-sftp
"""

#: Without virtlogd the output of guests must go to plain files.
_QEMU = """\
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
"""


def _libvirtd(layout: Layout, number: int) -> str:
    return f"""\
host_uuid = "{layout.host_uuid(host_name(number))}"
listen_tls = 0
listen_tcp = 1
listen_addr = "{layout.address(MANAGEMENT, number)}"
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
"""


def _network_xml(layout: Layout, host: str) -> str:
    identity = uuid.uuid5(layout.host_uuid(host), "network guests")
    return (
        f"<network><name>guests</name><uuid>{identity}</uuid>"
        "<forward mode='bridge'/><bridge name='br0'/></network>\n"
    )


def _pool_xml(layout: Layout, host: str, name: str, path: Path) -> str:
    identity = uuid.uuid5(layout.host_uuid(host), f"pool {name}")
    return (
        f"<pool type='dir'><name>{name}</name><uuid>{identity}</uuid>"
        f"<target><path>{path}</path></target></pool>\n"
    )

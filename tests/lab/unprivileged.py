# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user without root's rights on every host of a lab, who may use libvirt as Debian lets him.

On Debian a user of the group libvirt may use the system's daemon: the socket belongs to that group,
and a rule of polkit asks him for no password. The lab has no polkit, so the socket alone decides.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab import faults
from tests.lab.host import Host
from tests.lab.lab import Lab

USER = "keeper"
GROUP = "libvirt"
_HOME = Path("/var/lib/keeper")
_LIBVIRTD_CONF = Path("/etc/libvirt/libvirtd.conf")
_SOCKET = f'unix_sock_group = "{GROUP}"\nunix_sock_rw_perms = "0770"\n'


AS_USER = (
    "-e",
    f"ansible_user={USER}",
    "-e",
    json.dumps({"drover_peer_uri": f"qemu+ssh://{USER}@{{{{ inventory_hostname }}}}/system"}),
)
"""By what a playbook comes to the hosts as that user, and the hosts to each other."""


def admit_user(lab: Lab) -> None:
    """Make the user on every host."""
    for host in lab.hosts.values():
        _admit(host)


def _admit(host: Host) -> None:
    """Create the user with the keys of the host's root, and let his group use the daemon."""
    home = str(_HOME)
    if host.run(["id", USER], check=False).returncode:
        host.run(["useradd", "--create-home", "--home-dir", home, "--groups", GROUP, USER])
        # A locked password would keep him out even with a key.
        host.run(["usermod", "--password", "*", USER])
        host.run(["cp", "-r", "/root/.ssh", f"{home}/.ssh"])
        host.run(["chown", "-R", f"{USER}:", home])
    config = host.path(_LIBVIRTD_CONF)
    if _SOCKET not in config.read_text():
        config.write_text(config.read_text() + _SOCKET)
        faults.kill(host.daemon("libvirtd"))
        host.start_daemon("libvirtd")
        host.wait_ready()


def give_state_directory(lab: Lab) -> None:
    """Do the one thing that needs root: the directory of Drover's marks and journals is his."""
    for host in lab.hosts.values():
        host.run(["install", "-d", "-o", USER, "-g", GROUP, "-m", "2770", "/var/lib/drover"])

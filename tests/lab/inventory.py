# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as an Ansible inventory."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.lab.layout import MIGRATION, Layout


def inventory(layout: Layout, addresses: Iterable[tuple[str, str]]) -> str:
    """Return the inventory of a lab, as JSON, which is YAML.

    Parameters
    ----------
    addresses
        Name and management address of each host.
    """
    options = {
        "UserKnownHostsFile": layout.keys / "known_hosts",
        "IdentitiesOnly": "yes",
        "ControlMaster": "auto",
        "ControlPersist": "60s",
        # A connection that is kept for reuse hangs for a quarter of an hour when its host loses power.
        "ServerAliveInterval": "5",
        "ServerAliveCountMax": "3",
    }
    variables = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(layout.keys / "id_ed25519"),
        "ansible_ssh_args": " ".join(f"-o {name}={value}" for name, value in options.items()),
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_pipelining": True,
        "drover_migration_network": str(layout.network(MIGRATION)),
        "drover_peer_uri": "qemu+ssh://root@{{ inventory_hostname }}/system",
    }
    hosts = {name: {"ansible_host": address} for name, address in addresses}
    return json.dumps({"kvm": {"hosts": hosts, "vars": variables}}, indent=2) + "\n"

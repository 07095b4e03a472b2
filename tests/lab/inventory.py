# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as an Ansible inventory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.lab.layout import MIGRATION, Layout


def inventory(
    layout: Layout,
    addresses: Iterable[tuple[str, str]],
    power: Mapping[str, Mapping[str, Any]],
) -> str:
    """Return the inventory of a lab, as JSON, which is YAML.

    Parameters
    ----------
    addresses
        Name and management address of each host.
    power
        By host: how it is switched (``drover_power``). Others have no such variable.
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
    hosts = {
        name: {
            "ansible_host": address,
            **({"drover_power": power[name]} if name in power else {}),
        }
        for name, address in addresses
    }
    return json.dumps({"kvm": {"hosts": hosts, "vars": variables}}, indent=2) + "\n"

#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold before VMs leave a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_info
short_description: Check everything that must hold before VMs are migrated
version_added: 1.0.0
author:
  - The Drover authors (@drover)
description:
  - Looks from the host on which it runs at every other host of the cluster, and at every VM of this host on every other
    host, and reports all that would keep a migration from going well. One failure does not hide the others.
  - Of the host, that its cluster has other hosts, its migration network, the speed of that and whether the host is managed through
    it, and the quorum of Pacemaker or Corosync where one of them runs.
  - Of a pair of hosts, that the libvirt of the one reaches the libvirt of the other without being asked anything, that they have different
    UUIDs, the direction in which their versions differ, that the name of the peer resolves, that its migration ports are
    reached and large packets arrive, that the clocks agree, equal MTUs, and processors of one kind.
  - Of a VM, devices, snapshots, jobs and states that tie it to its host, and Pacemaker where that manages it.
  - Of a VM on another host, its CPU as it runs now, machine type, emulator, memory, secrets, firmware, TPM, networks, bridges, the identity
    of its storage, huge pages, NUMA cells, and VMs with its name or UUID. M(drover.libvirt.vm_migrate) makes the same checks again
    before it moves the VM.
  - To check a whole cluster, and to see the result as a table, use P(drover.libvirt.preflight#role).
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.libvirt
options:
  name:
    description: How the cluster calls this host. By default its own name.
    type: str
  domains:
    description: The VMs to look at, where they run or are paused on this host. By default all of them.
    type: list
    elements: str
  hosts:
    description:
      - The hosts that matter, where O(peers) is left out. One of them looks at all others; any other host looks only at these, and at none of
        its VMs. By default all matter.
    type: list
    elements: str
    default: []
  group:
    description:
      - The inventory group that is the cluster, where O(peers) is left out. The other hosts of the group are then the peers, and what
        M(drover.libvirt.host_info) and M(drover.libvirt.preflight_listener) have found on them is used, from O(registered).
    type: str
    default: kvm
  registered:
    description:
      - The variables in which each host of O(group) registered what modules answered there, by the name of the module, for instance
        C(gather_host_info) for C(host_info). See M(drover.libvirt.plan).
    type: dict
    default: {}
  peers:
    description: The other hosts of the cluster.
    type: list
    elements: dict
    suboptions:
      name:
        description: How the cluster calls it.
        type: str
        required: true
      uri:
        description: How this host's libvirt reaches the peer's.
        type: str
        required: true
      migration_address:
        description: Its address on the network for migrations.
        type: str
      ports:
        description:
          - The ports on which M(drover.libvirt.preflight_listener) listens there. No other port is tried, for that could take the connection
            that a QEMU waits for.
        type: list
        elements: int
        default: []
      facts:
        description:
          - What M(drover.libvirt.host_info) returned as RV(drover.libvirt.host_info#module:host) on it. Without it the identity of storage, huge
            pages, NUMA cells and MTUs are not compared.
        type: dict
        default: {}
  migration_network:
    description: The network for migrations, such as V(10.88.1.0/24).
    type: str
  migration_address:
    description: The address of this host for migrations, where it cannot be found by O(migration_network).
    type: str
  migration_ports:
    description: The range from which QEMU takes ports for migrations, for messages.
    type: str
    default: 49152-49215
  clock_tolerance_s:
    description: By how many seconds the clocks of two hosts may differ.
    type: float
    default: 1.0
  connect_timeout_s:
    description: How many seconds the libvirt of a peer may take to answer.
    type: float
    default: 15.0
  tls:
    description: Whether migrations are going to be encrypted. Where they are not, and share a network, a warning recommends it.
    type: bool
    default: false
  passed:
    description: Whether to return the checks that passed, too.
    type: bool
    default: true
seealso:
  - module: drover.libvirt.host_info
  - module: drover.libvirt.preflight_listener
  - module: drover.libvirt.preflight_report
  - module: drover.libvirt.vm_migrate
"""

EXAMPLES = r"""
- name: Check one pair of hosts
  drover.libvirt.preflight_info:
    name: kvm1
    peers:
      - name: kvm2
        uri: qemu+ssh://root@kvm2/system
        migration_address: 10.88.1.2
  register: pair

- name: Show what would stop a migration
  ansible.builtin.debug:
    msg: "{{ item.subject }}: {{ item.evidence }} {{ item.remedy }}"
  loop: "{{ pair.checks | rejectattr('passed') | selectattr('severity', 'eq', 'block') }}"
  loop_control:
    label: "{{ item.id }}"
"""

RETURN = r"""
host:
  description: How the cluster calls this host.
  returned: success
  type: str
domains:
  description: The VMs that were looked at.
  returned: success
  type: list
  elements: str
peers:
  description: The hosts that were looked at.
  returned: success
  type: list
  elements: str
checks:
  description: What was found.
  returned: success
  type: list
  elements: dict
  sample:
    - id: bridge
      severity: block
      passed: false
      evidence: There is no bridge br7 on kvm3.
      remedy: Create it there, or choose another host.
      subject: {host: kvm1, peer: kvm3, domain: web1}
  contains:
    id:
      description: Stable name of the check, or of what it found.
      type: str
      returned: always
    severity:
      description:
        - What it means when it does not pass. V(block), a migration must not begin; V(warn), an operator should know; V(info), it could not be
          checked here.
      type: str
      returned: always
    passed:
      description: Whether what is checked holds.
      type: bool
      returned: always
    evidence:
      description: What was seen, as a sentence.
      type: str
      returned: always
    remedy:
      description: What to do, as a sentence.
      type: str
      returned: always
    subject:
      description: What it is about, a C(host), that and a C(peer), a C(domain) on the host, or that VM on a peer.
      type: dict
      returned: always
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import or_fail
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR
from ..module_utils._preflight.asked import read_request
from ..module_utils._preflight.survey import survey

PEER_SPEC = {
    "name": {"type": "str", "required": True},
    "uri": {"type": "str", "required": True},
    "migration_address": {"type": "str"},
    "ports": {"type": "list", "elements": "int", "default": []},
    "facts": {"type": "dict", "default": {}},
}


def argument_spec() -> dict[str, t.Any]:
    """Return the module's options."""
    return {
        "uri": {"type": "str", "default": "qemu:///system"},
        "name": {"type": "str"},
        "domains": {"type": "list", "elements": "str"},
        "hosts": {"type": "list", "elements": "str", "default": []},
        "group": {"type": "str", "default": "kvm"},
        "registered": {"type": "dict", "default": {}},
        "peers": {"type": "list", "elements": "dict", "options": PEER_SPEC},
        "migration_network": {"type": "str"},
        "migration_address": {"type": "str"},
        "migration_ports": {"type": "str", "default": "49152-49215"},
        "clock_tolerance_s": {"type": "float", "default": 1.0},
        "connect_timeout_s": {"type": "float", "default": 15.0},
        "tls": {"type": "bool", "default": False},
        "passed": {"type": "bool", "default": True},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    wanted = read_request(module.params, os.environ.get("SSH_CONNECTION", ""))
    found = or_fail(module, lambda: survey(wanted))
    for warning in found.warnings:
        module.warn(warning)
    kept = [one for one in found.checks if module.params["passed"] or not one.finding.passed]
    module.exit_json(
        changed=False,
        host=found.host,
        domains=found.domains,
        peers=[peer.name for peer in wanted.peers],
        checks=[one.to_dict() for one in kept],
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One CPU for the VMs of all hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cpu_baseline
short_description: Find the CPU that all hosts can run, and define VMs with it
version_added: 1.0.0
author:
  - The Drover authors (@drover)
description:
  - Hosts with different processors, microcode or versions of QEMU offer VMs different CPUs. A VM that runs with the CPU of a newer host
    cannot be migrated to an older one. This module finds the CPU with all that the chosen hosts have in common, and proves it
    on each of them.
  - With O(state=defined) it puts this CPU into the persistent definitions of VMs on the host on which it runs. A running VM keeps the CPU that
    it has until it is shut down and started again; which VMs that is about is returned.
  - Only the CPU of a definition is changed. Topology, NUMA cells and cache mode of the VM stay.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
  - drover.libvirt.libvirt
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(computed) finds the CPU and says what it would mean for the VMs of this host.
      - V(defined) gives it to them.
    type: str
    choices: [computed, defined]
    default: computed
  name:
    description: How the cluster calls this host, for messages. By default its own name.
    type: str
  cpu:
    description:
      - The CPU as XML, as this module returned it on one of the hosts, instead of finding one.
    type: str
  domains:
    description: The VMs that are meant, where they are on this host. By default all of them.
    type: list
    elements: str
  group:
    description:
      - The inventory group that is the cluster, where neither O(peers) nor O(cpu) is given. Needs the facts of its hosts,
        from O(registered).
    type: str
    default: kvm
  registered:
    description:
      - The variables in which each host of O(group) registered what modules answered there, by the name of the module, for instance
        C(gather_host_info) for C(host_info). See M(drover.libvirt.plan).
    type: dict
    default: {}
  hosts:
    description: Of that group, the hosts that must be able to run the VMs beside this one. By default all of them.
    type: list
    elements: str
  peers:
    description: The other hosts that must be able to run the VMs.
    type: list
    elements: dict
    suboptions:
      name:
        description: How the cluster calls it.
        type: str
        required: true
      uri:
        description: How this host reaches its libvirt.
        type: str
        required: true
  arch:
    description: The architecture of the VMs. By default that of the host.
    type: str
  domain_type:
    description: The type of the VMs. By default V(kvm) where the host offers it.
    type: str
    choices: [kvm, qemu]
seealso:
  - module: drover.libvirt.preflight_info
"""

EXAMPLES = r"""
- name: Find the CPU that kvm1, kvm2 and kvm3 can run
  drover.libvirt.cpu_baseline:
    peers:
      - {name: kvm2, uri: qemu+ssh://root@kvm2/system}
      - {name: kvm3, uri: qemu+ssh://root@kvm3/system}
  delegate_to: kvm1
  run_once: true
  register: baseline

- name: Define all VMs with it
  drover.libvirt.cpu_baseline:
    state: defined
    cpu: "{{ baseline.cpu }}"
  register: defined

- name: Show which VMs must be shut down and started to get it
  ansible.builtin.debug:
    var: defined.restart
"""

RETURN = r"""
cpu:
  description: The CPU as XML.
  returned: success
  type: str
model:
  description: Its model, with the features that it lacks.
  returned: success
  type: str
  sample: EPYC without vme, rdseed
features:
  description: The policy of each feature by which it differs from its model.
  returned: success
  type: dict
hosts:
  description: The CPU that each host offers by itself.
  returned: when O(cpu) was not given
  type: dict
  sample:
    kvm1: EPYC
    kvm2: EPYC-Rome
changes:
  description: The VMs whose persistent definitions were changed, or would be.
  returned: success
  type: list
  elements: str
restart:
  description: The running VMs that have another CPU until they are shut down and started again.
  returned: success
  type: list
  elements: str
left_out:
  description: The VMs to which it cannot be given, with the reason.
  returned: success
  type: dict
  sample:
    arm1: it is for aarch64, not x86_64
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._baseline.answer import answer
from ..module_utils._errors import or_fail
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR

PEER_SPEC = {
    "name": {"type": "str", "required": True},
    "uri": {"type": "str", "required": True},
}


def argument_spec() -> dict[str, t.Any]:
    """Return the module's options."""
    return {
        "uri": {"type": "str", "default": "qemu:///system"},
        "state": {"type": "str", "choices": ["computed", "defined"], "default": "computed"},
        "name": {"type": "str"},
        "cpu": {"type": "str"},
        "domains": {"type": "list", "elements": "str"},
        "group": {"type": "str", "default": "kvm"},
        "registered": {"type": "dict", "default": {}},
        "hosts": {"type": "list", "elements": "str"},
        "peers": {"type": "list", "elements": "dict", "options": PEER_SPEC},
        "arch": {"type": "str"},
        "domain_type": {"type": "str", "choices": ["kvm", "qemu"]},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    module.exit_json(**or_fail(module, lambda: answer(module.params, module.check_mode)))


if __name__ == "__main__":
    main()

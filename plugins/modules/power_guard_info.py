#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What speaks against switching a host off now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: power_guard_info
short_description: Tell what speaks against switching a host off now
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Looks on the host on which it runs for everything that would be lost with it, and names what it finds.
  - VMs that are active, of whatever tool; QEMU processes that libvirt does not know.
  - Services that serve the cluster or others, by their processes (Pacemaker, Corosync, Ceph, GlusterFS bricks, DRBD, etcd, Consul, ZooKeeper, MariaDB,
    PostgreSQL, MongoDB, RabbitMQ, tgt, NFS-Ganesha, kubelet, and those of O(services)); clients of the kernel's NFS server and of its iSCSI targets.
  - Packages that are being installed, and locks of C(systemd-inhibit) against a shutdown. Both end by themselves.
  - Users who are logged in at a terminal.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.libvirt
options:
  name:
    description: How the cluster calls this host, for the sentences.
    type: str
    required: true
  services:
    description: More services, with the names of their processes.
    type: dict
    default: {}
seealso:
  - module: drover.libvirt.power_guard
"""

EXAMPLES = r"""
- name: See whether the host may be switched off
  drover.libvirt.power_guard_info:
    name: "{{ inventory_hostname }}"
    services:
      the licence server: [lmgrd]
  register: guards
"""

RETURN = r"""
needed_by:
  description: Why the host must not be switched off, a sentence each.
  returned: success
  type: list
  elements: str
serves:
  description: Those of them that stay when all VMs have been moved away.
  returned: success
  type: list
  elements: str
waits:
  description: What has to end first, a sentence each.
  returned: success
  type: list
  elements: str
warnings_of_users:
  description: Who is logged in, a sentence each.
  returned: success
  type: list
  elements: str
off_vms:
  description: The VMs that are off, with C(name) and C(uuid).
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import or_fail
from ..module_utils._facts.power_guards import judge
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR
from ..module_utils._libvirt.vms import read_vms
from ..module_utils._linux.power_guards import read_guards


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "uri": {"type": "str", "default": "qemu:///system"},
            "name": {"type": "str", "required": True},
            "services": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    vms = or_fail(module, lambda: read_vms(module.params["uri"]))
    guards = judge(module.params["name"], read_guards(vms), module.params["services"])
    module.exit_json(
        changed=False,
        needed_by=guards.needed_by,
        serves=guards.serves,
        waits=guards.waits,
        warnings_of_users=guards.warnings,
        off_vms=[{"name": vm.name, "uuid": vm.uuid} for vm in vms if not vm.active],
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What looks at the cluster found, kept on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: power_look
short_description: Remember what VMs took
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Keeps on the host on which it runs what all VMs of the cluster took at a moment, so that M(drover.libvirt.power_plan) knows for how long the load
    has been low, and what VMs of a host took that has failed. Looks older than a day are forgotten.
  - Without O(look) it only reads.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  look:
    description: What RV(drover.libvirt.power_plan#module:decision) returned as C(look).
    type: dict
    suboptions:
      at:
        description: When, with its distance from UTC.
        type: str
        required: true
      memory_mib:
        description: Memory of all VMs in MiB.
        type: float
        required: true
      vcpus:
        description: Virtual CPUs of all VMs.
        type: float
        required: true
      cpu_usage:
        description: CPUs that they kept busy.
        type: float
        required: true
      largest_mib:
        description: Memory of the largest VM in MiB.
        type: float
        default: 0
  directory:
    description: The directory in which looks are kept.
    type: path
    default: /var/lib/drover/power_looks
seealso:
  - module: drover.libvirt.power_plan
"""

EXAMPLES = r"""
- name: Remember what VMs take
  drover.libvirt.power_look:
    look: "{{ planned.decision.look }}"
"""

RETURN = r"""
looks:
  description: All looks that this host remembers, the oldest first.
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import or_fail
from ..module_utils._linux.power_looks import keep_look, read_looks


def main() -> None:
    """Run the module."""
    amount = {"type": "float", "required": True}
    module = AnsibleModule(
        argument_spec={
            "look": {
                "type": "dict",
                "options": {
                    "at": {"type": "str", "required": True},
                    "memory_mib": amount,
                    "vcpus": amount,
                    "cpu_usage": amount,
                    "largest_mib": {"type": "float", "default": 0},
                },
            },
            "directory": {"type": "path", "default": "/var/lib/drover/power_looks"},
        },
        supports_check_mode=True,
    )
    look, directory = module.params["look"], module.params["directory"]
    looks = or_fail(module, lambda: read_looks(directory))
    if look and not module.check_mode:
        looks = or_fail(module, lambda: keep_look(look, directory))
    # Remembering is not a change of the host that anybody would want to see reported.
    module.exit_json(changed=False, looks=looks)


if __name__ == "__main__":
    main()

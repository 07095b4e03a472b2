#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shutting a host down, if nothing is lost with it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: power_shutdown
short_description: Shut a host down if nothing is lost with it
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Looks once more for everything that M(drover.libvirt.power_guard_info) looks for, and begins to shut the host down on which it runs when it finds nothing.
    Between the look and the shutdown lie milliseconds.
  - It does not wait for the end of the shutdown.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
  - drover.libvirt.libvirt
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
options:
  name:
    description: How the cluster calls this host, for the sentences.
    type: str
    required: true
  services:
    description: More services, with the names of their processes.
    type: dict
    default: {}
  command:
    description: How the operating system is shut down and the power cut.
    type: list
    elements: str
    default: [shutdown, -P, now]
seealso:
  - module: drover.libvirt.power_guard_info
"""

EXAMPLES = r"""
- name: Shut the host down
  drover.libvirt.power_shutdown:
    name: "{{ inventory_hostname }}"
"""

RETURN = r"""
needed_by:
  description: Why it was not shut down, a sentence each.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import or_fail
from ..module_utils._facts.power_guards import judge
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR
from ..module_utils._libvirt.vms import read_vms
from ..module_utils._linux.power_guards import read_guards
from ..module_utils._linux.shutting_down import begin_shutdown


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "uri": {"type": "str", "default": "qemu:///system"},
            "name": {"type": "str", "required": True},
            "services": {"type": "dict", "default": {}},
            "command": {"type": "list", "elements": "str", "default": ["shutdown", "-P", "now"]},
        },
        supports_check_mode=True,
    )
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    vms = or_fail(module, lambda: read_vms(module.params["uri"]))
    guards = judge(module.params["name"], read_guards(vms), module.params["services"])
    against = guards.needed_by + guards.waits
    if against:
        module.fail_json(msg=" ".join(against), needed_by=against)
    if not module.check_mode:
        or_fail(module, lambda: begin_shutdown(module.params["command"]))
    module.exit_json(changed=True, needed_by=[])


if __name__ == "__main__":
    main()

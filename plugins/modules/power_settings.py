#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: power_settings
short_description: Check how hosts are switched
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Checks the variable C(drover_power) of hosts on the controller, and fails with all that is wrong at once.
  - The playbooks of this collection do so as one of their first tasks.
options:
  hosts:
    description:
      - The hosts that are about to be switched. They must have a C(drover_power), and what its method stands on must be installed on the controller
        (the collection C(community.general) and, for IPMI, the Python library C(pyghmi)).
      - Without them only what C(drover_power) says is checked, for all hosts of O(group) that have one.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
seealso:
  - module: drover.libvirt.power_guard
"""

EXAMPLES = r"""
- name: Check how a host is switched
  drover.libvirt.power_settings:
    hosts: [kvm3]
  run_once: true
"""

RETURN = r"""
files:
  description: The paths of the operator's task files C(on), C(off) and C(status) by host, of those that are switched by tasks.
  returned: success
  type: dict
  sample:
    kvm3:
      "on": /srv/inventory/power/on.yml
      "off": /srv/inventory/power/off.yml
      status: /srv/inventory/power/status.yml
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: power_ready
short_description: Tell whether a host that was switched on is what it was before
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Reads a host and fails, with a sentence for each, while its libvirt does not answer, its clock is off, its shared storage is not proved, or its address
    on the migration network is not there, as far as it had them when it went to sleep.
  - Delegate it to the host, and repeat it until it succeeds.
options:
  host:
    description: The host, as the inventory names it.
    type: str
    required: true
  uri:
    description: The libvirt connection of the host.
    type: str
    default: qemu:///system
  migration_network:
    description: The migration network as CIDR.
    type: str
  clock_tolerance_s:
    description: How many seconds its clock may differ from the controller's.
    type: float
    default: 10.0
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
seealso:
  - module: drover.libvirt.host_info
"""

EXAMPLES = r"""
- name: Wait until the host is what it was before
  drover.libvirt.power_ready:
    host: kvm3
  delegate_to: kvm3
  register: ready
  until: ready is success
  retries: 30
  delay: 2
"""

RETURN = r"""
missing:
  description: What is missing yet, a sentence each.
  returned: always
  type: list
  elements: str
info:
  description: What M(drover.libvirt.host_info) has returned.
  returned: always
  type: dict
found:
  description: What M(drover.libvirt.power_mark_info) has returned.
  returned: always
  type: dict
"""

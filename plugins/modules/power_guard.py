#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: power_guard
short_description: Refuse to switch off a host that is needed
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Judges on the controller whether a host may be switched off, and fails with all reasons at once where it may not.
  - Beside what M(drover.libvirt.power_guard_info) has found on the host, these are the host's O(ignore:drover_power), how many hosts stay on, what the
    policy asks for (above all that this many hosts may fail), and VMs that are off and that no other host could start.
options:
  host:
    description: The host.
    type: str
    required: true
  found:
    description: What M(drover.libvirt.power_guard_info) has returned there.
    type: dict
    required: true
  min_on:
    description: How many hosts stay on at least.
    type: int
    default: 1
  by_plan:
    description: Whether a plan wants this and not a person. Then the host must have been woken by Drover before, and must not be doubtful.
    type: bool
    default: false
  leave_off_vms:
    description: Whether VMs that are off stay on the host, where nobody can start them while it sleeps.
    type: bool
    default: false
  policy:
    description: The policy document, or the path of a YAML or JSON file on the controller.
    type: raw
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
seealso:
  - module: drover.libvirt.power_guard_info
"""

EXAMPLES = r"""
- name: Refuse to switch off a host that is needed
  drover.libvirt.power_guard:
    host: kvm3
    found: "{{ guards }}"
  run_once: true
"""

RETURN = r"""
moves:
  description: The VMs that are off and move away, with C(name), C(uuid), C(destination) and C(destination_uri).
  returned: success
  type: list
  elements: dict
"""

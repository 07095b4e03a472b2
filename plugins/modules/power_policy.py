#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: power_policy
short_description: Tell how hosts are to be switched
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Reads the section C(power) of a policy on the controller, with its presets and defaults, and tells what those need who switch hosts.
options:
  policy:
    description: The policy document, or the path of a YAML or JSON file on the controller.
    type: raw
  min_on:
    description: Takes the place of C(power.min_on).
    type: int
  stagger_s:
    description: Takes the place of C(power.stagger_s).
    type: float
  force_off:
    description: Takes the place of C(power.force_off).
    type: bool
  leave_off_vms:
    description: Takes the place of C(power.leave_off_vms).
    type: bool
  services:
    description: Services beside those of C(power.services).
    type: dict
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
seealso:
  - module: drover.libvirt.power_plan
"""

EXAMPLES = r"""
- name: Read how hosts are to be switched
  drover.libvirt.power_policy:
    policy: policy.yml
  run_once: true
  register: switching
"""

RETURN = r"""
power:
  description: The values of C(min_on), C(stagger_s), C(force_off), C(leave_off_vms) and C(services).
  returned: success
  type: dict
  sample:
    min_on: 2
    stagger_s: 10
    force_off: false
    leave_off_vms: false
    services: {}
"""

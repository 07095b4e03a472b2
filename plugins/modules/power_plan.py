#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: power_plan
short_description: Decide which hosts to wake or to put to sleep
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Decides on the controller, from what hosts answered and the section C(power) of a policy, whether hosts are to be woken (first, and fast) or put
    to sleep (slowly).
  - Only what Drover put to sleep is woken; only a host with a proven wake that nobody needs is put to sleep, and only where every VM has a place
    without it, also after the failures that the policy provides for.
options:
  policy:
    description: The policy document, or the path of a YAML or JSON file on the controller.
    type: raw
  night:
    description: Whether to follow the windows of C(power.night). In them hosts go to sleep at once; before they close, those of the night are woken.
    type: bool
    default: false
  demand:
    description: Only wake, and as many hosts as this multiple of the present load needs.
    type: float
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
seealso:
  - module: drover.libvirt.power_look
  - module: drover.libvirt.power_guard_info
"""

EXAMPLES = r"""
- name: Decide whom to wake or to put to sleep
  drover.libvirt.power_plan:
    policy: policy.yml
    registered:
      host_info: gather_host_info
      power_mark_info: reach_found
      power_look: looks
  run_once: true
  register: planned
"""

RETURN = r"""
decision:
  description:
    - C(action) is V(wake), V(relieve) (of VMs that keep more CPU busy than the host may give out), V(sleep) or V(none), C(hosts) are the hosts
      concerned, and C(then) is what is left to do - V(balance), V(repair), V(sleep) or V(nothing).
    - C(reason) is for the marks of hosts, C(why) says what makes it necessary, C(refused) why other hosts stay on, and C(look) is what
      M(drover.libvirt.power_look) is to keep.
  returned: success
  type: dict
text:
  description: The same, for people.
  returned: success
  type: str
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: power_change
short_description: Work out the power mark of a host after a change
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Works out on the controller the mark that M(drover.libvirt.power_mark) then keeps on all hosts, from the newest one that the role
    P(drover.libvirt.reach#role) has found.
  - When the host goes down, its facts, and how to wake it (O(ignore:drover_power) without secrets), become a part of the mark.
options:
  host:
    description: The host that changes.
    type: str
    required: true
  state:
    description: The state that it is in now. By default the one on record.
    type: str
    choices: ["on", going_down, asleep, unconfirmed, waking]
  reason:
    description: Why.
    type: str
    default: ""
  proven:
    description: A proof that the host was woken, with C(boot_s), C(shutdown_s) and C(watts) where they are known.
    type: dict
  doubtful:
    description: Why the host is not to be put to sleep again before an operator has cleared that. Empty clears it.
    type: str
  mark:
    description: The mark on record, where it is known better than by the role P(drover.libvirt.reach#role).
    type: dict
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each mark is newer than the one before.
seealso:
  - module: drover.libvirt.power_mark
"""

EXAMPLES = r"""
- name: Work out the mark of a host that has been woken
  drover.libvirt.power_change:
    host: kvm3
    state: "on"
    registered:
      power_mark_info: reach_found
  run_once: true
  register: change
"""

RETURN = r"""
mark:
  description: The mark, with the keys that M(drover.libvirt.power_mark) describes.
  returned: success
  type: dict
"""

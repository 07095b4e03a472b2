#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: closing
short_description: Say how a run ended
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Says in one line what is true now, what was changed, and how to go back or on, from what the tasks before returned. A check run says first that
    nothing was changed.
  - It asks no host and changes nothing. The callback P(drover.libvirt.brief#callback) shows the line last of all.
  - Leaves the line as the artifact C(drover_closing) of the run, as M(ansible.builtin.set_stats) does.
options:
  plan:
    description: Of a run that made a plan and carried it out.
    type: dict
    suboptions:
      document:
        description: The plan document.
        type: dict
        required: true
      outcomes:
        description: What became of its steps, as M(drover.libvirt.plan_apply) returns them.
        type: list
        elements: dict
        required: true
  power:
    description: Of a run that switched hosts on or off.
    type: dict
    suboptions:
      hosts:
        description: The hosts that were to be switched.
        type: list
        elements: str
        required: true
      marks:
        description: What is on record about the power of hosts, as M(drover.libvirt.power_mark_info) returns it.
        type: dict
        required: true
      action:
        description: What was to be done with them.
        type: str
        choices: [wake, sleep]
        required: true
  rolling:
    description: Of a rolling maintenance.
    type: dict
    suboptions:
      hosts:
        description: The hosts of this run.
        type: list
        elements: str
        required: true
      tasks:
        description: The file with the operator's tasks.
        type: str
        required: true
  status:
    description: Of a look at the cluster.
    type: dict
    suboptions:
      facts:
        description: The facts document.
        type: dict
        required: true
      executions:
        description: What runs or is not finished, in words. Empty where nothing is.
        type: str
        required: true
  words:
    description: Of any other run.
    type: dict
    suboptions:
      now:
        description: What is true now; of a check run, what would be.
        type: str
        required: true
      changes:
        description: What was changed.
        type: str
        default: ""
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
seealso:
  - module: drover.libvirt.plan_apply
"""

EXAMPLES = r"""
- name: Say how it ended
  drover.libvirt.closing:
    plan:
      document: "{{ goal_planned.plan }}"
      outcomes: "{{ apply_applied.outcomes }}"
  run_once: true
"""

RETURN = r"""
now:
  description: What is true now; of a check run, what would be.
  returned: success
  type: str
  sample: kvm2 is empty and in maintenance.
changes:
  description: What was changed. Nothing that was only planned stands here.
  returned: success
  type: str
  sample: "2 VMs moved: web1 to kvm1, db1 to kvm4."
next:
  description: How to go back or on. Empty where there is nothing to say.
  returned: success
  type: str
  sample: Bring the VMs back with drover.libvirt.restore -e drover_hosts=kvm2.
is_check:
  description: Whether it was only looked.
  returned: success
  type: bool
text:
  description: All of it in one line.
  returned: success
  type: str
"""

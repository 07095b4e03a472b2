#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rolling_plan
short_description: Plan the maintenance of many hosts, batch by batch
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Finds the order in which hosts are emptied one batch after the other with the fewest migrations in total. VMs go to hosts whose maintenance is done already,
    as far as there is room, because they need not move again.
  - Every batch is planned on the cluster as the batches before it leave it, so it is known beforehand whether the whole maintenance is possible.
    Each batch is planned again with M(drover.libvirt.plan) when its turn comes. The role P(drover.libvirt.rolling#role) does all that.
  - The facts are those that O(registered) names, of all hosts of O(group).
options:
  hosts:
    description: Hosts to maintain. Empty for all hosts of the cluster.
    type: list
    elements: str
    default: []
  at_once:
    description: How many hosts are emptied together. Where this many do not fit, a batch is smaller.
    type: int
    default: 1
  begun:
    description: Hosts in maintenance whose batch was interrupted. They come first, in batches of their own. Those that are not asked for with O(hosts)
      stay in maintenance, with a warning.
    type: list
    elements: str
    default: []
  done:
    description: Hosts whose maintenance is over. They are skipped, and VMs go there first.
    type: list
    elements: str
    default: []
  maintained:
    description: Hosts on which the operator's tasks came to their end before. They do not get them again.
    type: list
    elements: str
    default: []
  policy:
    description: The policy document, or the path of a YAML or JSON file on the controller.
    type: raw
  page:
    description: Path of a file on the controller for a page that shows the batches and their migrations. See O(drover.libvirt.plan#module:page).
    type: path
  show:
    description: Whether to print the batches.
    type: bool
    default: true
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
    support: full
requirements:
  - networkx, pulp, highspy, jmespath, numpy and fastjsonschema on the controller
seealso:
  - module: drover.libvirt.plan
  - module: drover.libvirt.rolling_survey
"""

EXAMPLES = r"""
- name: Plan the maintenance of all hosts, two at a time
  drover.libvirt.rolling_plan:
    at_once: 2
    registered:
      host_info: gather_host_info
  run_once: true
  register: rolling
"""

RETURN = r"""
hosts:
  description: The hosts of all batches, in the order of their turns.
  returned: success
  type: list
  elements: str
batches:
  description: The batches, in order.
  returned: success
  type: list
  elements: dict
  contains:
    number:
      description: Counted from 1.
      type: int
    hosts:
      description: The hosts of this batch.
      type: list
      elements: str
    done:
      description: The hosts whose turn was before, where VMs should go first.
      type: list
      elements: str
    waiting:
      description: The hosts whose turn comes after, where VMs should go last.
      type: list
      elements: str
    due:
      description: The hosts of this batch that still get the operator's tasks.
      type: list
      elements: str
    text:
      description: Whose turn it is, in words.
      type: str
plan:
  description: All of the plan, with the plan document of each batch, the number of migrations and the least that are needed.
  returned: success
  type: dict
text:
  description: The batches for people.
  returned: success
  type: str
"""

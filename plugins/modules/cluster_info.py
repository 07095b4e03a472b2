#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: Put together the facts of a cluster of libvirt hosts
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Puts what M(drover.libvirt.host_info) found on each host of a group together into one facts document, the one that M(drover.libvirt.plan) and the command
    C(drover) plan with, and prints hosts, VMs, load, maintenance marks and running migrations as one table.
options:
  unreachable:
    description: Whether a host that has not answered is an error (V(fail)) or is shown as unreachable (V(ignore)).
    type: str
    choices: [fail, ignore]
    default: ignore
  dest:
    description: Path of a file on the controller for the facts document.
    type: path
  page:
    description:
      - Path of a file on the controller for a page that shows the cluster, one HTML file that needs no network. It is readable for its owner alone.
      - It is written in check mode, too, and does not count as a change.
    type: path
  show:
    description: Whether to print the table.
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
seealso:
  - module: drover.libvirt.host_info
  - module: drover.libvirt.plan
"""

EXAMPLES = r"""
- name: Show the cluster and keep its facts for 'drover plan'
  drover.libvirt.cluster_info:
    dest: facts.json
    registered:
      host_info: gather_host_info
  run_once: true
"""

RETURN = r"""
facts:
  description: The facts document. Its JSON Schema is C(planner/schemas/facts.schema.json).
  returned: success
  type: dict
executions:
  description:
    - What the hosts keep of executions, oldest first, each with its C(coordinator).
    - As M(drover.libvirt.execution_info) tells them, where O(registered) names it.
  returned: success
  type: list
  elements: dict
table:
  description: The table for people.
  returned: success
  type: str
"""

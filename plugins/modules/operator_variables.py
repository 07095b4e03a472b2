#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: operator_variables
short_description: Refuse variables that nothing reads
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Fails when the inventory or the command line sets a variable whose name begins with C(drover_) and that nothing in this collection reads. Without
    this, a misspelled variable would be ignored, and C(drover_dry_run=true) would move VMs.
  - The message names all such variables, each with the nearest one that there is.
  - It is the first task of every playbook of this collection.
options:
  group:
    description: The inventory group that is the cluster. The variables of its hosts are looked at, and those of the task.
    type: str
    default: kvm
  own:
    description:
      - Names of your own variables that are let through, also as patterns such as C(drover_site_*).
      - The playbooks take them from the variable C(drover_own_variables).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
"""

EXAMPLES = r"""
- name: Refuse misspelled variables
  drover.libvirt.operator_variables:
    own: [drover_site]
  run_once: true
"""

RETURN = r"""
known:
  description: The names that are read.
  returned: always
  type: list
  elements: str
  sample: [drover_group, drover_hosts]
"""

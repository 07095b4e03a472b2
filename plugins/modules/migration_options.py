#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_options
short_description: Check how VMs are to be migrated
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Checks the options of migrations on the controller, so that a wrong one stops a playbook before anything is locked, marked or moved.
  - The playbooks of this collection do so with the variable C(drover_migration) as their first task.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.migration.nested
seealso:
  - module: drover.libvirt.plan_apply
"""

EXAMPLES = r"""
- name: Check how the VMs are to be migrated
  drover.libvirt.migration_options:
    migration:
      bandwidth_mib_s: 200
      max_downtime_ms: 200
  run_once: true
"""

RETURN = r"""
migration:
  description: The options in their types, with the defaults of those that were not given.
  returned: success
  type: dict
  sample:
    bandwidth_mib_s: 200
    auto_converge: true
"""
